#!/usr/bin/env node
// Nothing is imported before the check: an older Node must get as far as the sentence.
const ofClient = /^(?:get|ls|request|wait|put|link|verify|login|conformance|completion|version)$/
const needed = ofClient.test(process.argv[2] ?? '') ? 22 : 24
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < needed) {
  const message = `Claimcheck needs Node.js ${needed} or newer for this, and this is ${process.version}: install a newer one from https://nodejs.org.`
  const refusal = { error: { code: 'node_too_old', message } }
  const isForPrograms = process.argv.includes('--json')
  process.stderr.write(`${isForPrograms ? JSON.stringify(refusal) : message}\n`)
  process.exit(1)
}
const { run, refuse } = await import('./cli/run.ts')
// A reader that has seen enough (`| head -1`) is no error.
process.stdout.on('error', async (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  await refuse(Object.assign(error, { path: 'the standard output' }), process.argv)
  process.exit(1)
})
// What is said beside the result may be lost; the work goes on.
process.stderr.on('error', () => {})
process.exitCode = await run(process.argv.slice(2))
