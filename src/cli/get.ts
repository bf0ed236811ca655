import { ClientError } from '../client/client-error.ts'
import type { RemoteDelivery } from '../client/delivery.ts'
import type { GetEvent } from '../client/files/get-event.ts'
import { getFiles } from '../client/files/get-files.ts'
import type { GetOptions, GetReport } from '../client/files/get-options.ts'
import { readClientEnvironment } from './client-environment.ts'
import { defineCommand } from './command.ts'
import { type ConnectValues, connectOptions } from './connect.ts'
import { formatBytes } from './format-bytes.ts'
import { createGetDisplay, type GetDisplay } from './get-display.ts'
import { type GetOptionValues, getOptions, readGetOptions } from './get-options.ts'
import { interruptible } from './interruptible.ts'
import { demandManifestPlace, writeManifest } from './manifest-file.ts'
import { type OpenDelivery, openDelivery } from './open-delivery.ts'
import { placeRequest } from './place-request.ts'
import { print } from './print.ts'
import { printable } from './printable.ts'
import { refuseEnding } from './refuse-ending.ts'
import { type RequestValues, requestOf, requestOptions } from './request-options.ts'

interface GetValues extends GetOptionValues, ConnectValues, RequestValues {
  readonly manifest?: string
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
    const options = readGetOptions(values)
    if (values.manifest !== undefined) await demandManifestPlace(values.manifest, options.folder)
    const display = displayFor(values)
    await interruptible(async (signal) => {
      const target = await openTarget(address, values, { signal, display })
      const { delivery } = target
      const { report, events } = await showGet(target, { ...options, signal }, display)
        .catch((error: unknown) => {
          throw withWayOn(error, delivery, values)
        })
        .finally(() => display.end())
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

function displayFor({ json }: GetValues): GetDisplay {
  const { isPlain } = readClientEnvironment()
  const isBar = process.stderr.isTTY === true
  const mode = json === true ? 'nothing' : isBar ? 'bars' : 'lines'
  return createGetDisplay(process.stderr, { mode, isPlain })
}

/** Asks for the delivery first, when it is described instead of named. */
async function openTarget(
  address: string,
  values: GetValues,
  { signal, display }: { signal: AbortSignal; display: GetDisplay },
): Promise<OpenDelivery> {
  const request = requestOf(values)
  if (request === null) return await openDelivery(address, values, display.note)
  const placing = { values, wanted: request, signal, tell: display.note }
  const { client, url } = await placeRequest(address, placing)
  // Known from here on, whatever becomes of the rest.
  const asked = values.json ? JSON.stringify({ requested: url }) : `Asked for: ${url}`
  process.stderr.write(`${asked}\n`)
  return { client, delivery: client.open(url) }
}

/** How to go on after Ctrl-C: what was asked for by this run must be named, or it is asked for again. */
function withWayOn(error: unknown, { url }: RemoteDelivery, values: GetValues): unknown {
  const isStopped = error instanceof ClientError && error.code === 'aborted'
  if (!isStopped || values['dry-run'] === true) return error
  const hint =
    requestOf(values) === null
      ? 'The same command goes on from here.'
      : `"claimcheck get ${url}" goes on from here: give it the same options, without those that ask (--type, --info, --query, --pattern).`
  return new ClientError('aborted', error.message, { cause: error, hint })
}

interface Shown {
  readonly report: GetReport
  readonly events: readonly GetEvent[]
}

async function showGet(
  { client, delivery }: OpenDelivery,
  run: GetOptions,
  display: GetDisplay,
): Promise<Shown> {
  const events: GetEvent[] = []
  const running = getFiles(client, delivery, run)
  for (;;) {
    const { done, value } = await running.next()
    if (done === true) return { report: value, events }
    display.show(value)
    if (['done', 'failed', 'planned', 'skipped'].includes(value.type)) events.push(value)
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
  { fetched, kept, failed, bytes, ...report }: GetReport,
  events: readonly GetEvent[],
  isDry: boolean,
): string {
  const word = printable(report.word)
  // An order lists again what it waits for.
  const skipped = new Set(events.flatMap((event) => (event.type === 'skipped' ? event.path : [])))
  const left = skipped.size > 0 ? [`${skipped.size} left out`] : []
  const planned = events.filter(({ type }) => type === 'planned').length
  if (isDry) return `${[`${planned} would be fetched`, ...left].join(', ')}; ${word}.`
  const parts = [`${fetched} fetched (${formatBytes(bytes)})`, `${kept} kept`, ...left]
  if (failed.length > 0) parts.push(`${failed.length} failed`)
  return `${parts.join(', ')}; ${word}.`
}

/** @throws ClientError for every end but a good one */
function refuseFailure(report: GetReport, values: GetValues): void {
  const { failed } = report
  const [first] = failed
  if (first !== undefined) {
    const { path, error } = first
    const { code, details, hint } = error
    const before = failed.length > 1 ? `${failed.length} files failed; the first is ` : ''
    const sentence = `${before}${printable(path)}: ${error.message}`
    throw new ClientError(code, sentence, { details: { ...details, path }, hint, cause: error })
  }
  if (values['dry-run'] !== true) refuseEnding(report)
}
