import { execFile, spawnSync } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type SeededFiles, seedFiles } from './client-files.ts'
import { benchEnvironment, startServer, temporaryFolder } from './process.ts'
import type { Row } from './table.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../.tmp/bench-build/dist/main.js', import.meta.url))

const sameWork = 'curl, sha256sum, sync'

/** A program that fetches all of the files into an empty folder. */
type Fetcher = (urls: readonly string[], folder: string) => Promise<unknown>

/** `claimcheck get` against curl, wget and aria2, as far as they are installed, on one server. */
export async function benchClient({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = await benchEnvironment(folder.path)
  const [large, small] = await seedFiles(environment, [
    { size: (quick ? 256 : 2048) * 1024 * 1024, count: 1 },
    { size: 16 * 1024, count: quick ? 1000 : 10_000 },
  ])
  if (large === undefined || small === undefined) throw new Error('Nothing was seeded.')
  await using server = await startServer(environment)
  const rounds = quick ? 1 : 3
  const measureAll = async (files: SeededFiles) => {
    const urls = files.targets.map((target) => server.url + target)
    const fetchers = Object.entries(fetchersFor(urls.length))
    const taken = new Map<string, number[]>(fetchers.map(([name]) => [name, []]))
    // In turns, so that what else the machine does hits all alike.
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, fetcher] of fetchers) {
        const out = join(folder.path, `${urls.length}-${round}-${name}`)
        taken.get(name)?.push(await measure(fetcher, urls, out))
      }
    }
    return Object.fromEntries([...taken].map(([name, rates]) => [name, median(rates)]))
  }
  return [
    ...rowsOf(large, await measureAll(large), 'curl'),
    ...rowsOf(small, await measureAll(small), null),
  ]
}

/**
 * Files a second. What the one before has left unsynced is on the disk when the next one starts. Many
 * small files stay until the end of the bench: for some minutes ext4 gives no new file the inode of one
 * that was removed, and looks past all of them for each, which made it ten times slower.
 */
async function measure(fetcher: Fetcher, urls: readonly string[], folder: string): Promise<number> {
  await mkdir(folder)
  await run('sync')
  const started = performance.now()
  await fetcher(urls, folder)
  const rate = urls.length / ((performance.now() - started) / 1000)
  const found = (await readdir(folder)).filter((name) => /\.bin$|\.csv$/.test(name))
  if (found.length !== urls.length) throw new Error(`${found.length} of ${urls.length} files came.`)
  if (urls.length === 1) await rm(folder, { recursive: true })
  return rate
}

function fetchersFor(count: number): Record<string, Fetcher> {
  const all: Record<string, Fetcher> = {
    claimcheck: ours,
    curl,
    [sameWork]: curlAndMore,
    wget,
    aria2c: (urls, folder) => aria2(urls, folder, count === 1 ? 4 : 1),
  }
  return Object.fromEntries(
    Object.entries(all).filter(
      ([name]) => name === 'claimcheck' || isInstalled(name.split(',')[0] ?? name),
    ),
  )
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

async function ours(urls: readonly string[], folder: string): Promise<void> {
  const files = urls.map((url, index) => ({ name: `${index}.bin`, url }))
  const manifest = `${folder}.json`
  await writeFile(manifest, JSON.stringify({ files }))
  await run(process.execPath, [main, 'get', manifest, '--to', folder, '--json'], {
    maxBuffer: 1e9,
  })
}

async function curl(urls: readonly string[], folder: string): Promise<void> {
  const config = `${folder}.curl`
  const lines = urls.map((url, index) => `url="${url}"\noutput="${folder}/${index}.bin"\n`)
  await writeFile(config, lines.join(''))
  await run('curl', ['-sSf', '-Z', '--parallel-max', '8', '-K', config], { maxBuffer: 1e9 })
}

/** What `get` has done when it ends: each file is digested, and on the disk. */
async function curlAndMore(urls: readonly string[], folder: string): Promise<void> {
  await curl(urls, folder)
  const files = urls.map((_, index) => `${folder}/${index}.bin`)
  await run('sha256sum', files, { maxBuffer: 1e9 })
  await run('sync', files)
}

async function wget(urls: readonly string[], folder: string): Promise<void> {
  const list = `${folder}.list`
  await writeFile(list, urls.join('\n'))
  const options = ['-q', '--content-disposition', '-P', folder, '-i', list]
  await run('wget', options, { maxBuffer: 1e9 })
}

async function aria2(urls: readonly string[], folder: string, parts: number): Promise<void> {
  const list = `${folder}.aria2`
  await writeFile(list, urls.map((url, index) => `${url}\n out=${index}.bin\n`).join(''))
  const options = ['--no-conf', '-q', '-j8', `-x${parts}`, `-s${parts}`, '-d', folder, '-i', list]
  await run('aria2c', options, { maxBuffer: 1e9 })
}

/** @param goal whom to be as fast as; null: the best of them */
function rowsOf(
  { size, targets }: SeededFiles,
  rates: Readonly<Record<string, number>>,
  goal: string | null,
): Row[] {
  const { claimcheck = Number.NaN, ...others } = rates
  const { [sameWork]: _, ...rivals } = others
  const best = Math.max(...Object.values(rivals))
  const what = `${targets.length} × ${size / 1024} KiB`
  const shown = (rate: number) =>
    targets.length === 1 ? `${((rate * size) / 1e6).toFixed(0)} MB/s` : `${rate.toFixed(0)} files/s`
  return Object.entries(others).map(([name, rate]) => ({
    what,
    measured: shown(claimcheck),
    against: `${name} ${shown(rate)}`,
    ratio: claimcheck / rate,
    goal: name === goal || (goal === null && rate === best) ? '≥ 1' : '',
  }))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
