import type { PrepareFile } from './workers/prepare-file.ts'
import type { ProducerContext } from './workers/producer.ts'

/** A length of time: seconds, or text such as `'45 seconds'`, `'90 minutes'`, `'12 hours'`, `'30 days'`, `'2 weeks'`. */
export type Duration = number | string

/** What `claimcheck.config.ts` exports as its default. */
export interface ClaimcheckConfig {
  /** What customers may ask for, by the name they ask for it: `[a-z0-9][a-z0-9_-]{0,63}`. */
  readonly downloadTypes?: Readonly<Record<string, DownloadTypeConfig>>
  /**
   * Brings a file of an order within reach before it can be picked up, or makes it; see
   * [orders](apis/orders.md). When absent, files are restored from the store's cold classes.
   */
  readonly prepareOrderFile?: PrepareFile
}

/** One kind of download that customers may ask for. */
export interface DownloadTypeConfig {
  /** What the portal calls it; its name when absent. */
  readonly title?: string
  readonly description?: string
  /** What an account must hold to ask for it; `download:<name>` when absent. */
  readonly permission?: string
  /** How long the files are kept once they are there; 7 days when absent. */
  readonly retention?: Duration
  /** JSON Schema of the request's `info`, by hand or by TypeBox; any `info` is taken when absent. */
  readonly info?: object
  /** How often it is tried before it counts as failed, 1 to 100; 3 when absent. */
  readonly maxAttempts?: number
  readonly producer: ProducerConfig
}

/** What makes the files of a type: made by `query()`, `command()`, `module()` or `worker()`. */
export type ProducerConfig = QueryConfig | CommandConfig | ModuleConfig | WorkerConfig

/** Where a `query` reads: a URL, or the name of the environment variable that holds it. */
export type QuerySource = string | { readonly env: string }

export interface QueryOptions<Info = unknown> {
  /**
   * `sqlite:geo.sqlite` (relative to the config file), `sqlite:/absolute/path`, `postgres://…`, or
   * `{ env: 'GEO_DATABASE_URL' }` for one that holds a password.
   */
  readonly source: QuerySource
  /** One statement that reads. `:name` stands for a value; it is bound, never pasted into the text. */
  readonly sql: string
  /** The values of the parameters; when absent they are the members of `info` that bear their names. */
  values?(info: Info): Readonly<Record<string, unknown>>
  /** Parameters that are bound to null when they have no value; any other without one is an error. */
  readonly optional?: readonly string[]
  /** A statement that counts the rows, with the same parameters, so that progress can be a fraction. */
  readonly count?: string
  readonly file: QueryFile<Info>
  /** Fails when it is not over by then. */
  readonly timeout?: Duration
}

export interface QueryFile<Info = unknown> {
  /** The name that the customer sees: fixed, or made from `info`. */
  readonly name: FileName<Info>
  readonly format: 'csv' | 'ndjson' | 'xlsx'
  /** CSV only: begins with a byte order mark, by which Excel knows UTF-8; absent by default. */
  readonly byteOrderMark?: boolean
  /** CSV only: `,` when absent. */
  readonly delimiter?: ',' | ';' | '\t'
  /**
   * CSV only: false leaves text that a spreadsheet would run as a formula as it is. Only for files
   * that no person opens.
   */
  readonly formulaSafe?: boolean
  /** XLSX only: the sheet's name; the file's, without its extension, when absent. */
  readonly sheet?: string
}

/** A fixed name, or one made from the request's `info`. Method syntax lets a narrower `info` be named. */
export type FileName<Info = unknown> = string | { bivariant(info: Info): string }['bivariant']

export interface CommandOptions<Info = unknown> {
  /** A program on the PATH, or a path relative to the config file's folder. It is not run by a shell. */
  readonly command: string
  /** Fixed arguments. The request comes in on standard input and in the environment. */
  readonly args?: readonly string[]
  /** The file that its standard output becomes. */
  readonly file: { readonly name: FileName<Info>; readonly mediaType: string }
  /** Names of the server's environment variables that it gets, beside PATH, LANG and TZ. */
  readonly environment?: readonly string[]
  /** Ends it, and fails, when it is not over by then. */
  readonly timeout?: Duration
  /** How long its processes have to end by themselves after SIGTERM; 5 seconds when absent. */
  readonly grace?: Duration
}

export type ModuleContext<Info = unknown> = Omit<ProducerContext, 'info'> & { readonly info: Info }

export interface ModuleFunctionOptions<Info = unknown> {
  produce(context: ModuleContext<Info>): Promise<void> | void
}

export interface ModuleFileOptions {
  /** A module, relative to the config file, that exports a function `produce`. */
  readonly path: string
}

export type QueryConfig = QueryOptions & { readonly kind: 'query' }
export type CommandConfig = CommandOptions & { readonly kind: 'command' }
export type ModuleConfig = (ModuleFunctionOptions | ModuleFileOptions) & {
  readonly kind: 'module'
}
export interface WorkerConfig {
  readonly kind: 'worker'
}

/**
 * Gives `claimcheck.config.ts` its types; returns what it was given.
 *
 * @example
 * ```ts
 * import { defineConfig, query } from 'claimcheck/config'
 *
 * export default defineConfig({
 *   downloadTypes: {
 *     communes: {
 *       title: 'All communes',
 *       retention: '30 days',
 *       producer: query({
 *         source: 'sqlite:geo.sqlite',
 *         sql: 'select code, name from communes order by code',
 *         file: { name: 'communes.csv', format: 'csv' },
 *       }),
 *     },
 *   },
 * })
 * ```
 */
export function defineConfig<const Config extends ClaimcheckConfig>(config: Config): Config {
  return config
}

/**
 * A file made of the rows of an SQL statement, streamed, however many there are.
 *
 * @example
 * ```ts
 * query<{ departement: string }>({
 *   source: { env: 'GEO_DATABASE_URL' },
 *   sql: 'select code, name from communes where departement = :departement',
 *   file: { name: (info) => `communes-${info.departement}.xlsx`, format: 'xlsx' },
 * })
 * ```
 */
export function query<Info = unknown>(options: QueryOptions<Info>): QueryConfig {
  return { ...(options as QueryOptions), kind: 'query' }
}

/**
 * A file made of what a program writes to its standard output. It reads the request's `info` as
 * JSON on standard input; all the processes it started end with it.
 *
 * @example
 * ```ts
 * command({
 *   command: './make-report.py',
 *   args: ['--format', 'pdf'],
 *   file: { name: 'report.pdf', mediaType: 'application/pdf' },
 *   environment: ['REPORT_TEMPLATES'],
 *   timeout: '10 minutes',
 * })
 * ```
 */
export function command<Info = unknown>(options: CommandOptions<Info>): CommandConfig {
  return { ...(options as CommandOptions), kind: 'command' }
}

/**
 * Files made by a function, in the config file or in a module beside it.
 *
 * @example
 * ```ts
 * module({
 *   async produce({ info, account, signal, progress, file }) {
 *     const letter = file('hello.txt', 'text/plain')
 *     letter.end(`Hello ${account.username}\n`)
 *     progress(1)
 *   },
 * })
 * module({ path: './produce-report.ts' })
 * ```
 */
export function module<Info = unknown>(
  options: ModuleFunctionOptions<Info> | ModuleFileOptions,
): ModuleConfig {
  return { ...(options as ModuleFunctionOptions | ModuleFileOptions), kind: 'module' }
}

/** Files made by a program outside, in any language, that claims the work over HTTP. */
export function worker(): WorkerConfig {
  return { kind: 'worker' }
}
