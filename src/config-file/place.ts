import type { Environment } from '../config.ts'

/** Where a config stands: what its relative paths and the names of variables refer to. */
export interface ConfigPlace {
  /** What the file is called in messages. */
  readonly file: string
  /** Absolute; relative paths in the config start here. */
  readonly folder: string
  readonly environment: Environment
}

/** A place from which further modules of the user's can be imported, by a path relative to it. */
export interface ImportingPlace extends ConfigPlace {
  importModule(path: string): Promise<Record<string, unknown>>
}
