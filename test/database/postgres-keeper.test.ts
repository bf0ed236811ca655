import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { noPostgres } from '../support/test-database.ts'
import { until } from '../support/until.ts'

describe('the PostgreSQL of a test', { skip: noPostgres }, () => {
  it('ends with its process, also when that is killed', async () => {
    const code = `
      const { keepPostgres } = await import(${JSON.stringify(import.meta.resolve('../support/postgres.ts'))})
      console.log((await keepPostgres()).url)
      setInterval(() => {}, 1000)`
    const test = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const url of createInterface({ input: test.stdout })) {
      const port = Number(new URL(url).port)
      assert.equal(await answers(port), true)
      test.kill('SIGKILL')
      await until('nothing answers any more', async () => !(await answers(port)))
      return
    }
    assert.fail('It ended before it was ready.')
  })
})

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
