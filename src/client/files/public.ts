/** `claimcheck/client/files`: the part of the client that writes files; for Node, Bun and Deno. */
export type { RecordedFile } from './folder-record.ts'
export type { GetEvent } from './get-event.ts'
export { getFiles } from './get-files.ts'
export type { GetOptions, GetReport } from './get-options.ts'
export { type VerifiedFile, verifyFolder } from './verify-folder.ts'
