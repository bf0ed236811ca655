import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder that goes with the test. */
export async function temporaryFolder(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-test-'))
  // Hooks run in the order of their making: a server that closes after this one may still write.
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}
