import pg from 'pg'

/** Values as SQLite gives them: `pg` alone reads int8, counts and sums as texts. */
export const postgresTypes: pg.CustomTypesConfig = {
  getTypeParser: (type, format) => {
    const ours = format === 'binary' ? undefined : parsers.get(Number(type))
    return ours ?? pg.types.getTypeParser(type, format)
  },
}

/** By object id (pg_type.dat): int8, and numeric, which the sum of int8 is. */
const parsers: ReadonlyMap<number, (text: string) => number> = new Map([
  [20, parseExact],
  [1700, parseExact],
])

/** @throws Error for what a number cannot hold exactly */
function parseExact(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) || /^-?\d+\.\d+$/.test(text)) return number
  throw new Error(`The database holds ${text}, which is beyond the numbers that are exact.`)
}
