import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { exitCodes } from '../../src/cli/exit-code.ts'
import { defineConfig, module } from '../../src/define-config.ts'
import { runMain } from '../support/run-main.ts'
import { publish } from '../support/studies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const page = await readFile(new URL('../../docs/client.md', import.meta.url), 'utf8')
const entry = fileURLToPath(new URL('../../src/client/public.ts', import.meta.url))
const filesEntry = fileURLToPath(new URL('../../src/client/files/public.ts', import.meta.url))

function blocks(language: string): string[] {
  const found = page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))
  return [...found].map(([, text = '']) => text)
}

describe('docs/client.md', () => {
  let folder: string
  let fill: (text: string) => string
  let token: string
  let url: string
  const afterwards: (() => unknown)[] = []

  before(async () => {
    const t = { after: (done: () => unknown) => void afterwards.push(done) }
    folder = await temporaryFolder(t)
    const server = await startTestServer(t, {
      config: defineConfig({
        downloadTypes: {
          'monthly-report': {
            producer: module({
              produce({ file }) {
                file('communes.csv', 'text/csv').end('code,name\n2A004,Ajaccio\n')
              },
            }),
          },
        },
      }),
    })
    const ada = await createTestAccount(server.core, 'ada', {
      organization: 'HAUC',
      permissions: ['download:*', 'study:HAUC'],
    })
    token = ada.token
    url = server.url
    await publish(server.core, 'HAUC/HAUC-3/HAUC-3-1', { 'a.csv': '1\n', 'a.txt': 'no' })
    await publish(server.core, 'HAUC/HAUC-3/HAUC-3-2', { 'a.csv': '2\n' })
    const headers = { ...ada.headers, 'content-type': 'application/json' }
    const body = JSON.stringify({ type: 'monthly-report' })
    const created = await fetch(`${server.url}/v1/deliveries`, { method: 'POST', headers, body })
    const { id } = (await created.json()) as { id: string }
    await until('the delivery is done', async () => {
      const answer = await fetch(`${server.url}/v1/deliveries/${id}`, { headers })
      return (await answer.text()).includes('"done"')
    })
    fill = (text) =>
      text
        .replaceAll('https://files.example', server.url)
        .replaceAll('DELIVERY', id)
        .replaceAll("'TOKEN'", JSON.stringify(token))
  })

  after(async () => {
    for (const done of afterwards.toReversed()) await done()
  })

  it('has commands that do what it says', async () => {
    const lines = blocks('sh').flatMap((block) => block.trim().split('\n'))
    assert.ok(lines.length >= 15)
    for (const line of lines) {
      const [, ...words] = fill(line)
        .match(/'[^']*'|\S+/g)
        ?.map((word) => word.replaceAll("'", '')) ?? ['']
      const { code, err } = await runMain(words, {
        cwd: folder,
        env: { CLAIMCHECK_URL: url, CLAIMCHECK_TOKEN: token, XDG_CONFIG_HOME: folder },
      })
      assert.equal(code, 0, `${line}\n${err}`)
    }
    assert.deepEqual((await readdir(join(folder, 'hauc-again'))).toSorted(), [
      '.claimcheck.json',
      'a (2).csv',
      'a.csv',
    ])
  })

  it('has programs that run', async () => {
    const programs = blocks('ts')
    assert.equal(programs.length, 2)
    for (const [index, program] of programs.entries()) {
      const path = join(folder, `program-${index}.ts`)
      const text = fill(program)
        .replace("'claimcheck/client/files'", JSON.stringify(filesEntry))
        .replace("'claimcheck/client'", JSON.stringify(entry))
      await writeFile(path, text)
      const { stdout } = await run(process.execPath, [path], { cwd: folder })
      assert.match(stdout, /communes\.csv/)
    }
  })

  it('names every exit code', () => {
    const table = page.slice(page.indexOf('## Exit codes'), page.indexOf('## For programs'))
    const named = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
    assert.deepEqual(
      named,
      [...new Set([0, ...Object.values(exitCodes)])].toSorted((a, b) => a - b),
    )
  })
})
