import { it } from 'node:test'
import { describeBucket } from '../contracts/bucket.ts'
import { hasRadosgw, radosgwPackages, startRadosgw } from '../support/radosgw.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'

if (hasRadosgw()) {
  const settings = startRadosgw(suiteCleanup())
  describeBucket('a bucket of a RADOS Gateway', async () => await settings)
} else {
  const reason = `it is not installed (Debian: ${radosgwPackages}); the fake store was there`
  it('what the fake store does also holds on a real RADOS Gateway', { skip: reason })
}
