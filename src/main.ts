#!/usr/bin/env node
// Nothing is imported before the check: an older Node must get as far as the sentence.
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `Claimcheck needs Node.js 24 or newer, and this is ${process.version}: install a newer one from https://nodejs.org.\n`,
  )
  process.exit(1)
}
// A reader that has seen enough (`| head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
const { run } = await import('./cli/run.ts')
process.exitCode = await run(process.argv.slice(2))
