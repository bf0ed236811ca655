const secondsIn: Readonly<Record<string, number>> = {
  s: 1,
  second: 1,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
  week: 604_800,
}

/** Longer than anybody means: 100 years, in seconds. */
const longest = 3_155_760_000

/** What a duration may look like, as it stands after "must be ". */
export const durationForms = "seconds as a number, or text such as '90 minutes' or '30 days'"

/** The seconds of a duration, more than 0 and at most 100 years; null when it is none. */
export function parseDuration(duration: unknown): number | null {
  const seconds = typeof duration === 'string' ? secondsOfText(duration) : duration
  if (typeof seconds !== 'number' || !(seconds > 0) || seconds > longest) return null
  return seconds
}

function secondsOfText(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,3})?) ?([a-z]+)$/.exec(text.trim().toLowerCase())
  const [, amount = '', unit = ''] = match ?? []
  const each = secondsIn[unit] ?? secondsIn[unit.replace(/s$/, '')]
  return match === null || each === undefined ? null : Number(amount) * each
}
