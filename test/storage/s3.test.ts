import { describeBucket } from '../contracts/bucket.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'

const fake = startFakeS3(suiteCleanup())

describeBucket('a bucket of the fake store', async () => (await fake).environment)
