import type { TestContext } from 'node:test'
import { defineConfig, module } from '../../src/define-config.ts'
import { patternBytes } from './bytes.ts'
import { inOwnPlace } from './s3-store.ts'
import { createTestAccount, startTestServer } from './test-server.ts'
import { until } from './until.ts'

/** The settings that name a bucket. */
export type BucketSettings = Record<string, string>

/** What the downloads of this world hold: more than two parts. */
export const largeBytes = patternBytes(11 * 1024 * 1024 + 7)

const config = defineConfig({
  downloadTypes: {
    large: {
      producer: module({
        async produce({ file }) {
          const out = file('a large "file".bin', 'application/octet-stream')
          for (let start = 0; start < largeBytes.length; start += 500_000) {
            await out.write(largeBytes.subarray(start, start + 500_000))
          }
          await out.end()
        },
      }),
    },
  },
})

/** A server that keeps its files in a place of its own of a bucket, and an account that may ask and order. */
export async function startBucketWorld(
  t: TestContext,
  settings: BucketSettings,
  more: BucketSettings = {},
) {
  const environment = {
    ...inOwnPlace(settings),
    CLAIMCHECK_S3_PART_BYTES: '5242880',
    ...more,
  }
  const server = await startTestServer(t, { config, environment })
  const permissions = ['download:*', 'order']
  const ada = await createTestAccount(server.core, 'ada', { permissions })

  /** A signed URL of a download that is done. */
  async function link(): Promise<string> {
    const created = await fetch(`${server.url}/api/downloads`, {
      method: 'POST',
      headers: { ...ada.headers, 'content-type': 'application/json' },
      body: '{"download":{"download_type":"large"}}',
    })
    const { download } = (await created.json()) as { download: { id: string } }
    let location = ''
    await until('the download is done', async () => {
      const answer = await fetch(`${server.url}/api/downloads/${download.id}/file`, {
        headers: ada.headers,
        redirect: 'manual',
      })
      location = answer.headers.get('location') ?? ''
      return answer.status === 302
    })
    return location
  }

  return { server, ada, link }
}
