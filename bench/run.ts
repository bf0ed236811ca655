import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { benchApi } from './api.ts'
import { benchArchives } from './archives.ts'
import { benchBytes } from './bytes.ts'
import { benchClient } from './client.ts'
import { benchDelay } from './delay.ts'
import { benchImports } from './imports.ts'
import { benchListing } from './listing.ts'
import { benchMemory } from './memory.ts'
import { buildProduct } from './process.ts'
import { benchStalled } from './stalled.ts'
import { printTable, type Row } from './table.ts'

/**
 * `npm run bench` measures all parts in one run, `npm run bench -- api` one of them, `--quick` with
 * fewer and shorter rounds. Ratios are of runs side by side: they carry over to other machines, the
 * absolute figures do not.
 */
const parts: Record<string, (options: { quick: boolean }) => Promise<Row[]>> = {
  api: benchApi,
  archives: benchArchives,
  bytes: benchBytes,
  client: benchClient,
  delay: benchDelay,
  imports: benchImports,
  listing: benchListing,
  memory: benchMemory,
  stalled: benchStalled,
}

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.find((name) => !(name in parts))
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}"; the parts are ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}
await buildProduct()
for (const [name, bench] of Object.entries(parts)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  console.log(`\n${name}`)
  printTable(await bench(values))
}
const load = loadavg().map((average) => average.toFixed(1))
console.log(
  `\nNode ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${load.join(' ')}`,
)
