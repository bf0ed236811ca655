import { DeliveryError } from '../errors.ts'

/** ITU-T E.164 §6.2.1: a plus sign, a country code, at most 15 digits in all. */
const e164 = /^\+[1-9]\d{6,14}$/

/** How many numbers one port order may hold. */
export const mostNumbers = 1000

/** Is it a phone number in E.164 form, and nothing beside it? */
export function isPhoneNumber(text: string): boolean {
  return e164.test(text)
}

/**
 * Phone numbers in E.164 form, each once, in the order given.
 * @throws DeliveryError `invalid`
 */
export function parsePhoneNumbers(value: unknown, field: string): string[] {
  if (!Array.isArray(value)) throw invalid(field, 'must be a list of phone numbers')
  if (value.length > mostNumbers) throw invalid(field, `may hold at most ${mostNumbers} numbers`)
  const numbers = value.map((number: unknown) => {
    if (typeof number === 'string' && isPhoneNumber(number)) return number
    throw invalid(field, 'must hold phone numbers in E.164 form, like "+12065551234"')
  })
  return [...new Set(numbers)]
}

/** Numbers of one kind can be ported together; the North American toll-free codes are a kind of their own. */
export function isTollFree(number: string): boolean {
  return /^\+18(?:00|33|44|55|66|77|88)/.test(number)
}

function invalid(field: string, problem: string): DeliveryError {
  return new DeliveryError('invalid', `"${field}" ${problem}.`, { details: { field } })
}
