import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import BetterSqlite3 from 'better-sqlite3'

interface Commune {
  code: string
  nom: string
  type: string
  departement?: string
  region?: string
  codesPostaux?: string[]
  population?: number
}

interface Area {
  code: string
  nom: string
  region?: string
  chefLieu: string
}

/**
 * Builds the database that the demo's download types query, once: the official French
 * administrative divisions, about 35,000 communes.
 * @throws Error with a sentence when the data's package is not installed
 */
export function buildSourceData(path: string): void {
  if (existsSync(path)) return
  const unfinished = `${path}.part`
  rmSync(unfinished, { force: true })
  const database = new BetterSqlite3(unfinished)
  try {
    database.exec(`
      create table regions (code text primary key, name text not null, capital text not null);
      create table departements (code text primary key, name text not null, region text not null, capital text not null);
      create table communes (code text primary key, name text not null, departement text, region text, postal_codes text, population integer);
      create index communes_departement on communes (departement, code);
    `)
    database.transaction(() => fill(database))()
  } finally {
    database.close()
  }
  renameSync(unfinished, path)
}

function fill(database: BetterSqlite3.Database): void {
  const region = database.prepare('insert into regions values (?, ?, ?)')
  for (const { code, nom, chefLieu } of read<Area>('regions')) region.run(code, nom, chefLieu)
  const departement = database.prepare('insert into departements values (?, ?, ?, ?)')
  for (const { code, nom, region: of, chefLieu } of read<Area>('departements')) {
    departement.run(code, nom, of ?? '', chefLieu)
  }
  const commune = database.prepare('insert into communes values (?, ?, ?, ?, ?, ?)')
  for (const row of read<Commune>('communes')) {
    if (row.type !== 'commune-actuelle') continue
    commune.run(
      row.code,
      row.nom,
      row.departement ?? null,
      row.region ?? null,
      row.codesPostaux?.join(' ') ?? null,
      row.population ?? null,
    )
  }
}

function read<T>(name: string): T[] {
  const require = createRequire(import.meta.url)
  let path: string
  try {
    path = require.resolve(`@etalab/decoupage-administratif/data/${name}.json`)
  } catch (cause) {
    throw new Error(
      'The demo needs the package @etalab/decoupage-administratif, which a clone installs: run "npm ci" and then "npm run demo" there.',
      { cause },
    )
  }
  // The package is pinned by the lock file and its form is known.
  return JSON.parse(readFileSync(path, 'utf8')) as T[]
}
