import { describeObjectStore } from '../contracts/object-store.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { openTestS3 } from '../support/s3-store.ts'

describeObjectStore('a bucket of the fake store', async (t) => {
  const { environment } = await startFakeS3(t)
  return await openTestS3(t, environment)
})
