import { fileURLToPath } from 'node:url'

/** The `claimcheck` command as it stands in the clone, for `process.execPath`. */
export const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
