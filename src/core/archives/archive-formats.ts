import type { ArchiveFormat, ArchiveFormatName } from './archive-format.ts'
import { tarFormat } from './tar-format.ts'
import { zipFormat } from './zip-format.ts'

/** The formats that an archive can be asked for in. */
export const archiveFormats = {
  zip: zipFormat,
  tar: tarFormat,
} as const satisfies Record<ArchiveFormatName, ArchiveFormat>
