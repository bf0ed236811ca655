import { readFile, writeFile } from 'node:fs/promises'
import { ClientError } from '../client/client-error.ts'
import { endings, type RemoteDelivery } from '../client/delivery.ts'
import type { GetEvent } from '../client/files/get-event.ts'
import { type GetOptions, type GetReport, getFiles } from '../client/files/get-files.ts'
import { requestDelivery } from '../client/request-delivery.ts'
import { readClientEnvironment } from './client-environment.ts'
import { defineCommand, UsageError } from './command.ts'
import { type Connection, type ConnectValues, connect, connectOptions } from './connect.ts'
import { formatBytes, parseBytes } from './format-bytes.ts'
import { createGetDisplay } from './get-display.ts'
import { getOptions } from './get-options.ts'
import { interruptible } from './interruptible.ts'
import { print } from './print.ts'
import { type RequestValues, requestOf, requestOptions } from './request-options.ts'

interface GetValues extends ConnectValues, RequestValues {
  readonly to?: string
  readonly 'all-ready'?: boolean
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly flat?: boolean
  readonly tree?: boolean
  readonly jobs?: string
  readonly connections?: string
  readonly 'limit-rate'?: string
  readonly 'dry-run'?: boolean
  readonly archive?: boolean
  readonly manifest?: string
  readonly json?: boolean
}

export const get = defineCommand({
  description:
    'Fetches everything behind an address into a folder: a download, an order, a listing, an import, a port order, a /v1 delivery, a manifest or a single file. It waits until the work is over, picks up what is ready meanwhile, checks each file, and goes on where an earlier run stopped. Secrets come from the environment or a profile, never from the command line.',
  arguments: [
    {
      name: 'url',
      required: true,
      description: 'The address, or the path of a manifest on this computer.',
    },
  ],
  options: { ...getOptions, ...requestOptions, ...connectOptions },
  examples: [
    {
      command: 'claimcheck get https://files.example/v1/deliveries/01jhx5t1f2k3m4n5p6q7r8s9t0',
      description: 'Wait for a delivery and fetch its files into this folder.',
    },
    {
      command: 'claimcheck get https://files.example --type communes --to ./communes',
      description: 'Ask for a download, wait for it, and fetch it.',
    },
    {
      command:
        "claimcheck get https://files.example/api_file/v1/HAUC/ --to ./hauc --include '*.csv'",
      description: 'Fetch the CSV files of all studies of an organization, in their folders.',
    },
    {
      command: 'claimcheck get https://files.example/api/v1/rs-order/user/orders/54 --all-ready',
      description: 'Pick up what is ready of an order, and do not wait for the rest.',
    },
  ],
  async run({ values, positionals: [address = ''] }) {
    const options = optionsOf(values)
    await interruptible(async (signal) => {
      const { connection, delivery } = await openTarget(address, values, signal)
      const run = { ...options, signal }
      const { report, events } = await showGet(connection, delivery, { run, json: values.json })
      if (values.manifest !== undefined) await writeManifest(values.manifest, events)
      print(
        values.json,
        toJson(delivery, report, events),
        summary(report, events, options.dryRun === true),
      )
      refuseFailure(report, values)
    })
  },
})

function optionsOf(values: GetValues): GetOptions {
  const { 'limit-rate': limit, flat, tree } = values
  if (flat === true && tree === true)
    throw new UsageError('--flat and --tree contradict each other.')
  const rateLimit = limit === undefined ? undefined : parseBytes(limit)
  if (rateLimit === null)
    throw new UsageError('--limit-rate is a number of bytes a second: 500k, 2M.')
  const [jobs, connections] = [count(values.jobs, 'jobs'), count(values.connections, 'connections')]
  const layout = flat === true ? 'flat' : tree === true ? 'tree' : undefined
  return {
    folder: values.to ?? '.',
    allReady: values['all-ready'] ?? false,
    dryRun: values['dry-run'] ?? false,
    archive: values.archive ?? false,
    include: values.include ?? [],
    exclude: values.exclude ?? [],
    ...(layout === undefined ? {} : { layout }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(connections === undefined ? {} : { connections, enoughRate: Number.POSITIVE_INFINITY }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  }
}

function count(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number
  throw new UsageError(`--${name} is a number from 1 to 64.`)
}

/** Asks for the delivery first, when it is described instead of named. */
async function openTarget(
  address: string,
  values: GetValues,
  signal: AbortSignal,
): Promise<{ connection: Connection; delivery: RemoteDelivery }> {
  const request = requestOf(values)
  const text = await readLocalManifest(address)
  if (text !== null) {
    const base = readClientEnvironment().url ?? firstOrigin(text)
    const connection = await connect(base, { ...values, api: 'manifest' })
    return { connection, delivery: connection.client.open(connection.url, { text }) }
  }
  const connection = await connect(address, values)
  const { client, api, url } = connection
  if (request === null) return { connection, delivery: client.open(url, { api }) }
  // What is asked for is found at one of the APIs: sign in as that one wants it.
  const asking = await connect(url, { ...values, api: apiOfRequest(url) })
  const created = await requestDelivery(asking.client, url, { ...request, signal })
  // Known from here on, whatever becomes of the rest.
  const asked =
    values.json === true ? JSON.stringify({ requested: created }) : `Asked for: ${created}`
  process.stderr.write(`${asked}\n`)
  return { connection: asking, delivery: asking.client.open(created) }
}

/** Where a request at an address goes. */
export function apiOfRequest(url: string): 'v1' | 'downloads' | 'orders' {
  if (/\/rs-order(?:\/|$)/.test(url)) return 'orders'
  return /\/api\/downloads\/?$/.test(url) ? 'downloads' : 'v1'
}

async function readLocalManifest(path: string): Promise<string | null> {
  if (/^https?:/i.test(path) || !/\.(?:json|meta4|metalink|txt)$/i.test(path)) return null
  return await readFile(path, 'utf8')
}

function firstOrigin(text: string): string {
  const [found] = /https?:\/\/[^/\s"'<>]+/i.exec(text) ?? []
  if (found !== undefined && URL.canParse(found)) return found
  throw new ClientError(
    'bad_input',
    'The manifest holds no address: say the server by CLAIMCHECK_URL.',
  )
}

interface Shown {
  readonly report: GetReport
  readonly events: readonly GetEvent[]
}

async function showGet(
  { client }: Connection,
  delivery: RemoteDelivery,
  { run, json = false }: { run: GetOptions; json?: boolean | undefined },
): Promise<Shown> {
  const { isPlain } = readClientEnvironment()
  const isBar = process.stderr.isTTY === true && !json
  const display = createGetDisplay(process.stderr, { isPlain, isBar })
  const events: GetEvent[] = []
  const running = getFiles(client, delivery, run)
  try {
    for (;;) {
      const { done, value } = await running.next()
      if (done === true) return { report: value, events }
      if (!json) display.show(value)
      if (['done', 'failed', 'planned'].includes(value.type)) events.push(value)
    }
  } finally {
    display.end()
  }
}

function toJson(
  delivery: RemoteDelivery,
  report: GetReport,
  events: readonly GetEvent[],
): Record<string, unknown> {
  return {
    url: delivery.url,
    standing: report.standing,
    word: report.word,
    message: report.message,
    bytes: report.bytes,
    files: events.flatMap((event) =>
      event.type === 'done'
        ? [{ path: event.path, size: event.file.size, sha256: event.file.sha256, kept: event.kept }]
        : [],
    ),
    planned: events.flatMap((event) =>
      event.type === 'planned' ? [{ path: event.path, size: event.size }] : [],
    ),
    failed: report.failed.map(({ path, error }) => ({
      path,
      code: error.code,
      message: error.message,
    })),
  }
}

function summary(
  { fetched, kept, failed, bytes, word }: GetReport,
  events: readonly GetEvent[],
  isDry: boolean,
): string {
  if (isDry) return `${events.length} would be fetched; ${word}.`
  const parts = [`${fetched} fetched (${formatBytes(bytes)})`, `${kept} kept`]
  if (failed.length > 0) parts.push(`${failed.length} failed`)
  return `${parts.join(', ')}; ${word}.`
}

/** Files that a later run, or another program, can fetch and check by this list. */
async function writeManifest(path: string, events: readonly GetEvent[]): Promise<void> {
  const files = events.flatMap((event) => {
    if (event.type !== 'done') return []
    const { size, sha256, source } = event.file
    return [{ name: event.path, size, sha256, url: source.split(' ')[0] }]
  })
  await writeFile(path, `${JSON.stringify({ files }, null, 1)}\n`)
}

/** @throws ClientError for every end but a good one */
function refuseFailure({ failed, standing, message }: GetReport, values: GetValues): void {
  const [first] = failed
  if (first !== undefined) throw first.error
  const code = endings[standing]
  if (code === null || values['dry-run'] === true) return
  const reason = message === null ? '' : `: ${message.replace(/\.$/, '')}`
  throw new ClientError(code, `${sentences[code]}${reason}.`)
}

const sentences = {
  delivery_failed: 'The work failed on the server',
  delivery_expired: 'It expired: ask for it again',
  delivery_canceled: 'It was cancelled',
  delivery_incomplete: 'It is over, and some of its files could not be made',
} as const
