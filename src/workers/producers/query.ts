import { DeliveryError } from '../../core/errors.ts'
import { nounAfter } from '../../counted.ts'
import type { FileName } from '../../define-config.ts'
import { siblingModule } from '../../sibling-module.ts'
import type { Producer, ProducerContext } from '../producer.ts'
import { nameFile } from './file-name.ts'
import { type Helper, runHelper } from './helper-process.ts'
import { createOutput } from './output.ts'
import type { QueryReport, QuerySourceUrl, QueryTask, RowFormat } from './query-task.ts'
import type { ParsedSql } from './sql-parameters.ts'
import { withDeadline } from './with-deadline.ts'

/** A `query` of the config file, checked. */
export interface QueryJob {
  readonly source: QuerySourceUrl
  readonly sql: ParsedSql
  readonly count: ParsedSql | null
  /** Null: the members of `info`. */
  readonly values: ((info: unknown) => Readonly<Record<string, unknown>>) | null
  readonly optional: readonly string[]
  readonly fileName: FileName
  readonly format: RowFormat
  readonly timeoutSeconds: number | null
  /** All that the process which runs it gets. */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Streams the rows of an SQL statement into a file. The statement runs in a process of its own:
 * a thread cannot be ended while SQLite works on a step (`terminate()` was measured to come back
 * after 7.9 s, when the step was over), a process can; and it ends by itself when the server dies.
 */
export function createQueryProducer(job: QueryJob): Producer {
  return (context) =>
    withDeadline(context.signal, job.timeoutSeconds, (signal) => run(job, { ...context, signal }))
}

const mediaTypes = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} satisfies Record<RowFormat['format'], string>

async function run(job: QueryJob, context: ProducerContext): Promise<void> {
  const { source, sql, count, format, timeoutSeconds } = job
  const fileName = nameFile(job.fileName, context.info)
  const values = bindValues(job, context.info)
  const task: QueryTask = { source, sql, count, values, fileName, format, timeoutSeconds }
  context.signal.throwIfAborted()
  const output = createOutput(context.file(fileName, mediaTypes[format.format]))
  let last: QueryReport | null = null
  const helper: Helper = {
    module: siblingModule(import.meta.url, 'query-process'),
    environment: job.environment,
    task,
    patienceMilliseconds: 5000,
    onMessage: (message) => {
      last = message as QueryReport
      if (last.kind === 'progress') tellProgress(context, last)
    },
    onOutput: output.write,
  }
  try {
    const complaints = await runHelper(helper, context.signal)
    requireDone(last, complaints)
    await output.finish()
  } catch (cause) {
    const reason = context.signal.aborted ? context.signal.reason : cause
    output.abandon(reason)
    throw reason
  }
}

function requireDone(last: QueryReport | null, complaints: string): void {
  if (last?.kind === 'done') return
  if (last?.kind === 'failed') throw new Error(last.sentence)
  throw new Error(`The process that ran the query ended before it was done. ${complaints}`.trim())
}

function tellProgress(
  context: ProducerContext,
  { rows, total }: QueryReport & { kind: 'progress' },
): void {
  const written = rows.toLocaleString('en')
  if (total === null) context.progress(0, `${written} ${nounAfter(rows, 'row')}`)
  else {
    const fraction = total === 0 ? 1 : Math.min(rows / total, 1)
    const whole = total.toLocaleString('en')
    context.progress(fraction, `${written} of ${whole} ${nounAfter(total, 'row')}`)
  }
}

/** @throws DeliveryError `invalid` when a parameter has no value, or one that no engine can bind */
function bindValues(job: QueryJob, info: unknown): Record<string, unknown> {
  const given = job.values === null ? asMembers(info) : job.values(info)
  const values: Record<string, unknown> = {}
  for (const name of new Set([...job.sql.names, ...(job.count?.names ?? [])])) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined && !job.optional.includes(name)) {
      throw new DeliveryError(
        'invalid',
        `The request's info lacks "${name}", which its query needs.`,
      )
    }
    values[name] = bindable(value ?? null, job.source.engine, name)
  }
  return values
}

function asMembers(info: unknown): Readonly<Record<string, unknown>> {
  return typeof info === 'object' && info !== null ? (info as Record<string, unknown>) : {}
}

function bindable(value: unknown, engine: QuerySourceUrl['engine'], name: string): unknown {
  if (value === null || ['string', 'number', 'bigint'].includes(typeof value)) return value
  if (value instanceof Uint8Array) return value
  if (typeof value === 'boolean') return engine === 'sqlite' ? Number(value) : value
  if (value instanceof Date) return value.toISOString()
  // PostgreSQL has arrays: `where code = any(:codes)`.
  const scalars = ['string', 'number', 'boolean']
  if (engine === 'postgres' && Array.isArray(value)) {
    if (value.every((each) => each === null || scalars.includes(typeof each))) return value
  }
  const kind = Array.isArray(value)
    ? 'a list'
    : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
  throw new DeliveryError(
    'invalid',
    `"${name}" is ${kind}; the query takes a text, number or boolean.`,
  )
}
