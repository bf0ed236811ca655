import BetterSqlite3 from 'better-sqlite3'
import type { Core } from '../core/core.ts'
import { type FileToPublish, publishDelivery } from '../core/studies/publish-delivery.ts'

/** The demo's study, for the examples: three codes. */
export interface DemoStudies {
  study: { organization: string; study: string; delivery: string }
}

const study = { organization: 'DEMO', study: 'DEMO-1' }

const deliveries = [
  { delivery: 'DEMO-1-1', deliveryName: 'Large communes', least: 50_000 },
  { delivery: 'DEMO-1-2', deliveryName: 'Communes of medium size', least: 10_000 },
  { delivery: 'DEMO-1-3', deliveryName: 'All communes', least: 0 },
]

/**
 * Publishes a study of three deliveries, each with a CSV for every region. What stands there already
 * with the same bytes stays as it is.
 */
export async function seedStudies(core: Core, source: string): Promise<DemoStudies> {
  const database = new BetterSqlite3(source, { readonly: true })
  try {
    for (const { delivery, deliveryName, least } of deliveries) {
      await publishDelivery(core, 'system', {
        ...study,
        delivery,
        studyName: 'Population of the communes of France',
        deliveryName,
        files: regionFiles(database, least),
      })
    }
  } finally {
    database.close()
  }
  return { study: { ...study, delivery: 'DEMO-1-3' } }
}

function* regionFiles(database: BetterSqlite3.Database, least: number): Generator<FileToPublish> {
  const regions = database.prepare('select code, name from regions order by code desc').all() as {
    code: string
    name: string
  }[]
  const communes = database.prepare(
    'select code, name, departement, population from communes where region = ? and population >= ? order by code',
  )
  for (const { code, name } of regions) {
    const rows = communes.all(code, least) as Record<string, string | number | null>[]
    if (rows.length === 0) continue
    const lines = rows.map((row) => Object.values(row).map(toField).join(','))
    const text = `${['code,name,departement,population', ...lines].join('\r\n')}\r\n`
    yield { name: `${name}.csv`, segment: `region-${code}.csv`, bytes: bytesOf(text) }
  }
}

/** RFC 4180. */
function toField(value: string | number | null): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
