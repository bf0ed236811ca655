import { join, resolve } from 'node:path'
import type { FileName, ModuleFunctionOptions } from '../define-config.ts'
import { suggest } from '../suggest.ts'
import type { Producer } from '../workers/producer.ts'
import { type CommandJob, createCommandProducer } from '../workers/producers/command.ts'
import { isFileName } from '../workers/producers/file-name.ts'
import { createModuleProducer } from '../workers/producers/module.ts'
import { createQueryProducer, type QueryJob } from '../workers/producers/query.ts'
import type { QuerySourceUrl, RowFormat } from '../workers/producers/query-task.ts'
import { type ParsedSql, parseSql, type SqlEngine } from '../workers/producers/sql-parameters.ts'
import { durationForms, parseDuration } from './duration.ts'
import type { Entry } from './entry.ts'
import type { ConfigPlace, ImportingPlace } from './place.ts'

type Schema = Record<string, unknown>

/**
 * Makes the `producer` of a type ready; null for `worker()`.
 * @param infoSchema the type's, to find parameters that `info` never has
 * @throws ConfigFileError
 */
export async function readProducer(
  type: Entry,
  infoSchema: Schema | null,
  place: ImportingPlace,
): Promise<Producer | null> {
  const given = type.value('producer')
  if (typeof given !== 'object' || given === null || !('kind' in given)) {
    throw type.error('producer', 'must be made by query(…), command(…), module(…) or worker()')
  }
  const entry = type.entry('producer')
  const kind = entry.oneOf('kind', ['query', 'command', 'module', 'worker'])
  if (kind === 'query') return createQueryProducer(readQuery(entry, infoSchema, place))
  if (kind === 'command') return createCommandProducer(readCommand(entry, place))
  if (kind === 'module') return createModuleProducer(await readModule(entry, place))
  entry.allow('kind')
  return null
}

function readQuery(entry: Entry, infoSchema: Schema | null, place: ConfigPlace): QueryJob {
  entry.allow('kind', 'source', 'sql', 'values', 'optional', 'count', 'file', 'timeout')
  const source = readSource(entry, place)
  const sql = readSql(entry, 'sql', source.engine)
  const count = entry.value('count') === undefined ? null : readSql(entry, 'count', source.engine)
  const optional = entry.names('optional')
  const names = [...new Set([...sql.names, ...(count?.names ?? [])])]
  const values = readFunction<QueryJob['values'] & object>(entry, 'values')
  refuseStrangers(entry, optional, names)
  if (values === null) refuseUnfilled(entry, names, { optional, infoSchema })
  const file = entry.entry('file')
  const format = file.oneOf('format', ['csv', 'ndjson', 'xlsx'])
  return {
    source,
    sql,
    count,
    values,
    optional,
    fileName: readFileName(file),
    format: readFormat(file, format),
    timeoutSeconds: readOptionalDuration(entry, 'timeout'),
    environment: pick(place, ['PATH', 'LANG', 'TZ', ...postgresVariables(place)]),
  }
}

function readSource(entry: Entry, place: ConfigPlace): QuerySourceUrl {
  const url = readSourceUrl(entry, place)
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) {
    const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
    return { engine: 'sqlite', path: resolve(place.folder, path) }
  }
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return { engine: 'postgres', url }
  // Not shown: it may hold a password.
  throw entry.error('source', 'must begin with sqlite: (and a file) or be a postgres:// URL')
}

function readSourceUrl(entry: Entry, place: ConfigPlace): string {
  if (typeof entry.value('source') !== 'object') return entry.text('source')
  const reference = entry.entry('source')
  reference.allow('env')
  const name = reference.text('env')
  const url = place.environment[name]
  if (url) return url
  throw reference.error(
    'env',
    `names the environment variable ${name}, which is not set: set it, or write it into the settings file`,
  )
}

function readSql(entry: Entry, key: string, engine: SqlEngine): ParsedSql {
  const text = entry.text(key)
  try {
    return parseSql(text, engine)
  } catch (cause) {
    throw entry.error(key, `is not a query: ${cause instanceof Error ? cause.message : cause}`)
  }
}

/** A name in `optional` that the SQL never uses is a slip of the pen. */
function refuseStrangers(entry: Entry, optional: readonly string[], names: readonly string[]) {
  const stranger = optional.find((name) => !names.includes(name))
  if (stranger === undefined) return
  const meant = suggest(stranger, names)
  const hint = meant === null ? '' : `; did you mean ${meant}?`
  throw entry.error('optional', `names "${stranger}", which the SQL does not use${hint}`)
}

interface Filling {
  readonly optional: readonly string[]
  readonly infoSchema: Schema | null
}

/** Finds now what would otherwise fail in front of a customer: parameters that `info` may not have. */
function refuseUnfilled(entry: Entry, names: readonly string[], filling: Filling): void {
  const properties = Object.keys((filling.infoSchema?.properties ?? {}) as object)
  const required = (filling.infoSchema?.required ?? []) as readonly string[]
  if (properties.length === 0) return
  for (const name of names) {
    if (filling.optional.includes(name) || required.includes(name)) continue
    const meant = suggest(name, properties)
    if (!properties.includes(name)) {
      const hint = meant === null ? '' : `; did you mean :${meant}?`
      throw entry.error('sql', `uses :${name}, but the type's info has no "${name}"${hint}`)
    }
    throw entry.error(
      'sql',
      `uses :${name}, but the type's info may come without it: require it there, or name it in optional, then it is null`,
    )
  }
}

function readFormat(file: Entry, format: RowFormat['format']): RowFormat {
  if (format === 'csv') {
    file.allow('name', 'format', 'byteOrderMark', 'delimiter', 'formulaSafe')
    return {
      format,
      byteOrderMark: file.flag('byteOrderMark', false),
      delimiter: file.oneOf('delimiter', [',', ';', '\t'], ','),
      formulaSafe: file.flag('formulaSafe', true),
    }
  }
  if (format === 'ndjson') {
    file.allow('name', 'format')
    return { format }
  }
  file.allow('name', 'format', 'sheet')
  return { format, sheet: file.text('sheet', null) }
}

function readCommand(entry: Entry, place: ConfigPlace): CommandJob {
  entry.allow('kind', 'command', 'args', 'file', 'environment', 'timeout', 'grace')
  const file = entry.entry('file')
  file.allow('name', 'mediaType')
  const named = entry.names('environment')
  const ours = named.find((name) => name.startsWith('CLAIMCHECK_'))
  if (ours !== undefined) {
    throw entry.error('environment', `names ${ours}; the server's own settings never leave it`)
  }
  const command = entry.text('command')
  return {
    command: /[/\\]/.test(command) ? resolve(place.folder, command) : command,
    args: entry.texts('args'),
    folder: place.folder,
    fileName: readFileName(file),
    mediaType: readMediaType(file),
    environment: pick(place, ['PATH', 'LANG', 'TZ', ...named]),
    timeoutSeconds: readOptionalDuration(entry, 'timeout'),
    graceSeconds: readOptionalDuration(entry, 'grace') ?? 5,
  }
}

async function readModule(
  entry: Entry,
  place: ImportingPlace,
): Promise<ModuleFunctionOptions['produce']> {
  entry.allow('kind', 'produce', 'path')
  const inline = readFunction<ModuleFunctionOptions['produce']>(entry, 'produce')
  if (entry.value('path') === undefined) {
    if (inline === null) throw entry.error(null, 'must have a function "produce", or a "path"')
    return inline
  }
  if (inline !== null) throw entry.error(null, 'has both "produce" and "path"; one is enough')
  const path = entry.text('path')
  const exports = await place.importModule(path)
  const produce = exports.produce ?? exports.default
  if (typeof produce === 'function') return produce as ModuleFunctionOptions['produce']
  throw entry.error('path', `leads to ${join(place.folder, path)}, which exports no "produce"`)
}

function readFileName(file: Entry): FileName {
  const name = file.value('name')
  if (typeof name === 'function') return name as FileName
  const text = file.text('name')
  if (isFileName(text)) return text
  throw file.error('name', 'must be a file name without folders, of at most 255 bytes')
}

function readMediaType(file: Entry): string {
  const mediaType = file.text('mediaType')
  // RFC 9110 §8.3.1
  if (
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=(?:[\w.+:-]+|"[^"\\\p{Cc}]*"))*$/u.test(
      mediaType,
    )
  ) {
    return mediaType
  }
  throw file.error('mediaType', 'must be a media type, like "application/pdf"')
}

function readFunction<F extends object>(entry: Entry, key: string): F | null {
  const value = entry.value(key)
  if (value === undefined) return null
  if (typeof value === 'function') return value as F
  throw entry.error(key, 'must be a function')
}

function readOptionalDuration(entry: Entry, key: string): number | null {
  if (entry.value(key) === undefined) return null
  return entry.parsed(key, durationForms, parseDuration)
}

function postgresVariables({ environment }: ConfigPlace): string[] {
  return Object.keys(environment).filter((name) => /^PG[A-Z]+$/.test(name))
}

function pick({ environment }: ConfigPlace, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
