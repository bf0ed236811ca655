import type { CreateTableBuilder } from 'kysely'
import type { Engine } from '../database.ts'

/**
 * The key of a table whose numbers people see: never reused on either engine. SQLite gives a number
 * again after a delete unless the column says `autoincrement`; a PostgreSQL sequence never goes back.
 */
export function numberKey<Name extends string>(
  table: CreateTableBuilder<Name, never>,
  engine: Engine,
): CreateTableBuilder<Name, 'number'> {
  return engine === 'sqlite'
    ? table.addColumn('number', 'integer', (c) => c.primaryKey().autoIncrement())
    : table.addColumn('number', 'bigserial', (c) => c.primaryKey())
}
