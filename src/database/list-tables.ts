import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.ts'

/** A table as whoever copies it has to know it. */
export interface TableShape {
  readonly name: string
  readonly columns: readonly string[]
  /** The columns of its primary key, in order. */
  readonly key: readonly string[]
  /** The last number that was given out, by tables that number their rows; null for the others. */
  readonly lastNumber: number | null
}

/** Of the schema itself, not of what is kept in it. */
const ofTheSchema = /^(sqlite_|kysely_|schema_version$|frozen$)/

/**
 * The tables of an embedded database, those that others refer to before them. They are read from the
 * database, so that none can be forgotten.
 */
export async function listTables(db: Kysely<Tables>): Promise<TableShape[]> {
  const { rows } = await sql<{ name: string; sql: string }>`
    select name, sql from sqlite_master where type = 'table' order by name`.execute(db)
  const left = new Map<string, Set<string>>()
  const shapes = new Map<string, TableShape>()
  for (const { name, sql: text } of rows.filter((row) => !ofTheSchema.test(row.name))) {
    shapes.set(name, await shapeOf(db, name, /\bautoincrement\b/i.test(text)))
    left.set(name, await referredBy(db, name))
  }
  return inOrder(left).map((name) => shapes.get(name) as TableShape)
}

async function shapeOf(db: Kysely<Tables>, name: string, isNumbered: boolean): Promise<TableShape> {
  const { rows } = await sql<{ name: string; pk: number }>`
    select name, pk from pragma_table_info(${name}) order by cid`.execute(db)
  const key = rows.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)
  if (key.length === 0) throw new Error(`The table ${name} has no primary key to copy it by.`)
  return {
    name,
    columns: rows.map((row) => row.name),
    key: key.map((row) => row.name),
    lastNumber: isNumbered ? await lastNumberOf(db, name) : null,
  }
}

/** Not the greatest one that is there: a number is never given out again, even when its row is gone. */
async function lastNumberOf(db: Kysely<Tables>, name: string): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select seq from sqlite_sequence where name = ${name}`.execute(db)
  return rows[0]?.seq ?? 0
}

async function referredBy(db: Kysely<Tables>, name: string): Promise<Set<string>> {
  const { rows } = await sql<{ table: string }>`
    select distinct "table" from pragma_foreign_key_list(${name})`.execute(db)
  return new Set(rows.map(({ table }) => table).filter((table) => table !== name))
}

/** Each name after those that it needs. */
function inOrder(needs: Map<string, Set<string>>): string[] {
  const done: string[] = []
  while (needs.size > 0) {
    const [next] =
      [...needs].find(([, names]) => [...names].every((one) => done.includes(one))) ?? []
    if (next === undefined) throw new Error('Tables refer to each other in a circle.')
    done.push(next)
    needs.delete(next)
  }
  return done
}
