import type { DownloadType } from '../core/download-type.ts'
import type { Producer } from '../workers/producer.ts'
import { durationForms, parseDuration } from './duration.ts'
import type { Entry } from './entry.ts'
import { compileInfoSchema, type InfoSchema } from './info-schema.ts'
import type { ImportingPlace } from './place.ts'
import { readProducer } from './producer.ts'

export interface ReadDownloadType {
  readonly type: DownloadType
  /** Null when programs outside produce it. */
  readonly producer: Producer | null
}

const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/
const permissionPattern = /^[a-z0-9][a-z0-9_.:-]{0,127}$/
const sevenDays = 7 * 86_400

/** Makes one entry of `downloadTypes` ready. @throws ConfigFileError */
export async function readDownloadType(
  types: Entry,
  name: string,
  place: ImportingPlace,
): Promise<ReadDownloadType> {
  if (!namePattern.test(name)) {
    throw types.error(name, 'is no name for a type: up to 64 of a-z, 0-9, _ and -')
  }
  const entry = types.entry(name)
  entry.allow(
    ...['title', 'description', 'permission', 'retention', 'info', 'maxAttempts', 'producer'],
  )
  const info = readInfo(entry)
  const producer = await readProducer(entry, info?.schema ?? null, place)
  const type: DownloadType = {
    name,
    title: entry.text('title', name),
    description: entry.value('description') === '' ? '' : entry.text('description', ''),
    permission: readPermission(entry, `download:${name}`),
    retentionSeconds: readRetention(entry),
    infoSchema: info?.schema ?? null,
    checkInfo: info?.check ?? (() => null),
    producedBy: producer === null ? 'worker' : 'server',
    maxAttempts: entry.parsed('maxAttempts', 'a whole number from 1 to 100', wholeAttempts),
  }
  return { type, producer }
}

function readInfo(entry: Entry): InfoSchema | null {
  const given = entry.value('info')
  if (given === undefined) return null
  entry.entry('info')
  try {
    return compileInfoSchema(given as object)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw entry.error('info', `is not a JSON Schema: ${reason}`, cause)
  }
}

function readPermission(entry: Entry, byDefault: string): string {
  const permission = entry.text('permission', byDefault)
  if (permissionPattern.test(permission)) return permission
  throw entry.error('permission', 'must be made of a-z, 0-9, and _ . : - (like "download:reports")')
}

function readRetention(entry: Entry): number {
  const seconds = entry.parsed('retention', durationForms, (value) =>
    value === undefined ? sevenDays : parseDuration(value),
  )
  return Math.ceil(seconds)
}

function wholeAttempts(value: unknown = 3): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 100
    ? value
    : null
}
