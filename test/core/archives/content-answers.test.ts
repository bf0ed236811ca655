import type { TestContext } from 'node:test'
import type { Archive } from '../../../src/core/archives/archive.ts'
import { contentWithDigest } from '../../../src/core/archives/learn-digest.ts'
import { openArchive } from '../../../src/core/archives/open-archive.ts'
import type { Content } from '../../../src/core/content.ts'
import type { Core } from '../../../src/core/core.ts'
import type { ContentSample } from '../../contracts/content-answers.ts'
import { describeContentAnswers } from '../../contracts/content-answers.ts'
import { principalOfAccount, seedAccount } from '../../support/accounts.ts'
import { deliver, type GivenFile } from '../../support/archive-world.ts'
import { gather, patternBytes } from '../../support/bytes.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { openTestCore } from '../../support/test-core.ts'

const small: GivenFile[] = [
  { name: 'a.txt', bytes: patternBytes(900) },
  { name: 'empty', bytes: Buffer.alloc(0) },
  { name: 'été', bytes: patternBytes(400, 2), encrypted: true },
  { name: 'missing', bytes: null },
]
const large: GivenFile[] = [...small, { name: 'large', bytes: patternBytes(300_000, 3) }]

const suite = suiteCleanup()
describeContentAnswers('a small ZIP', once('zip', small))
describeContentAnswers('a ZIP of many chunks', once('zip', large))
describeContentAnswers('a tar', once('tar', large))
describeContentAnswers('a ZIP of known digest', once('zip', large, contentWithDigest))
describeContentAnswers('a tar of known digest', once('tar', small, contentWithDigest))

type Opening = (core: Core, archive: Archive) => Content | Promise<Content>

/** Opened once for all questions. */
function once(
  format: 'zip' | 'tar',
  files: readonly GivenFile[],
  open: Opening = (_, archive) => archive.content,
): () => Promise<ContentSample> {
  let sample: Promise<ContentSample> | null = null
  return () => {
    sample ??= makeSample(suite, format, { files, open })
    return sample
  }
}

async function makeSample(
  t: Pick<TestContext, 'after'>,
  format: 'zip' | 'tar',
  { files, open }: { files: readonly GivenFile[]; open: Opening },
): Promise<ContentSample> {
  const core = await openTestCore(t)
  const owner = await seedAccount(core, 'ada', { permissions: ['download:*'] })
  const { delivery } = await deliver(core, { owner, files })
  const wish = { of: { delivery: delivery.id }, format }
  const content = await open(core, await openArchive(core, principalOfAccount(owner), wish))
  return { content, bytes: await gather(content.read({ start: 0, end: content.size })) }
}
