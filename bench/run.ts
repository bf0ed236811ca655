import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { benchApi } from './api.ts'
import { benchArchives } from './archives.ts'
import { benchBytes } from './bytes.ts'
import { benchClient } from './client.ts'
import { benchDelay } from './delay.ts'
import { benchDepth } from './depth.ts'
import { benchImports } from './imports.ts'
import { benchJobs } from './jobs.ts'
import { benchListing } from './listing.ts'
import { benchMemory } from './memory.ts'
import { benchNodes } from './nodes.ts'
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
  depth: benchDepth,
  imports: benchImports,
  jobs: benchJobs,
  listing: benchListing,
  memory: benchMemory,
  nodes: benchNodes,
  stalled: benchStalled,
}

/** Parts that go by one name together. */
const groups: Record<string, readonly string[]> = { scale: ['nodes', 'jobs', 'depth'] }

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const wanted = positionals.flatMap((name) => groups[name] ?? [name])
const unknown = wanted.find((name) => !(name in parts))
if (unknown !== undefined) {
  const names = [...Object.keys(parts), ...Object.keys(groups)]
  console.error(`There is no part "${unknown}"; the parts are ${names.join(', ')}.`)
  process.exit(2)
}
await buildProduct()
for (const [name, bench] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${name}`)
  printTable(await bench(values))
}
const load = loadavg().map((average) => average.toFixed(1))
console.log(
  `\nNode ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${load.join(' ')}`,
)
