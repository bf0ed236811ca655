import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { DeliveryError } from '../core/errors.ts'
import { createGate } from './gate.ts'

/** What a hash costs: memory in KiB, passes over it, lanes. */
export interface PasswordCost {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** The OWASP Password Storage Cheat Sheet's second choice for argon2id: 19 MiB, 2 passes, 1 lane. */
const passwordCost: PasswordCost = { memory: 19_456, passes: 2, parallelism: 1 }

/**
 * Two at once hold 38 MiB whatever the flood, and leave half of libuv's four threads to the reading
 * of files. At 40 ms each, 100 in line wait two seconds; more are sent away.
 */
const gate = createGate({ atOnce: 2, waiting: 100 })

const derive = promisify(argon2)

/**
 * A password's hash as PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. Runs off the main thread.
 * @throws DeliveryError `invalid` for a password that cannot be one, `unavailable` when too many wait
 */
export async function hashPassword(password: string, cost = passwordCost): Promise<string> {
  const salt = randomBytes(16)
  const hash = await run(parsePassword(password), { salt, cost, length: 32 })
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${phc(salt)}$${phc(hash)}`
}

/**
 * Is this the password behind the hash? Null stands for a user who is not there: it takes just as
 * long and is always wrong.
 * @throws DeliveryError `unavailable` when too many wait; Error when the hash is not one of ours
 */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  const { cost, salt, expected } = parseHash(hash ?? nobody)
  const actual = await run(normalized(password), { salt, cost, length: expected.length })
  return timingSafeEqual(actual, expected) && hash !== null
}

/** Of a password that nobody knows, at the cost of a new one. */
const nobody =
  '$argon2id$v=19$m=19456,t=2,p=1$GQV/pYOCL2DkXvYRPXY8pw$s7Iji6jYMIr7pYsUUscUvFsBWtv89cZUH63jEz/enuM'

/**
 * A password in the form in which it is hashed (Unicode NFC, RFC 8265 §4.2).
 * @throws DeliveryError `invalid`
 */
export function parsePassword(password: string): string {
  const text = normalized(password)
  const problem = passwordProblem(text)
  if (problem === null) return text
  throw new DeliveryError('invalid', `A password ${problem}.`, { details: { field: 'password' } })
}

function passwordProblem(password: string): string | null {
  const length = [...password].length
  if (length < 8 || length > 200) return 'has 8 to 200 characters'
  // RFC 7617 §2: Basic cannot carry control characters.
  if (/\p{Cc}|\p{Cs}/u.test(password)) return 'has no control characters'
  return null
}

function normalized(password: string): string {
  return password.normalize('NFC')
}

interface Parameters {
  salt: Buffer
  cost: PasswordCost
  length: number
}

async function run(password: string, { salt, cost, length }: Parameters): Promise<Buffer> {
  const parameters: Argon2Parameters = {
    message: password,
    nonce: salt,
    parallelism: cost.parallelism,
    memory: cost.memory,
    passes: cost.passes,
    tagLength: length,
  }
  return await gate(() => derive('argon2id', parameters))
}

interface ParsedHash {
  cost: PasswordCost
  salt: Buffer
  expected: Buffer
}

function parseHash(hash: string): ParsedHash {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
      hash,
    )
  if (match === null) throw new Error('A stored password hash is not an argon2id PHC string.')
  const [, memory, passes, parallelism, salt = '', expected = ''] = match
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    expected: Buffer.from(expected, 'base64'),
  }
}

function phc(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
