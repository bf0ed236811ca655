import { isMainThread } from 'node:worker_threads'

/** Loaded by what the test starts: it ends when the test does, also when that is killed. */
if (isMainThread) {
  process.stdin.on('end', () => process.exit(1)).resume()
  // It keeps nothing running.
  if ('unref' in process.stdin) process.stdin.unref()
}
