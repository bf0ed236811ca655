import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ClientError } from '../client/client-error.ts'

/**
 * Reads a password: at a terminal without echo and twice, else the first line of the standard input.
 * @throws Error with a sentence when it is empty, the two differ, or it was interrupted
 */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    const [line = ''] = (await text(process.stdin)).split(/\r?\n/)
    return refuseEmpty(line)
  }
  const password = refuseEmpty(await ask('Password: '))
  if ((await ask('Again: ')) === password) return password
  throw new Error('The two passwords differ: nothing was changed.')
}

/**
 * Reads a secret that is there already: at a terminal without echo, else the first line of the
 * standard input.
 * @throws Error with a sentence when it is empty or it was interrupted
 */
export async function readSecret(question: string): Promise<string> {
  const said = process.stdin.isTTY ? await ask(question) : firstLine(await text(process.stdin))
  if (said !== '') return said
  throw new Error('The secret is empty: nothing was changed.')
}

function firstLine(said: string): string {
  return said.split(/\r?\n/, 1)[0] ?? ''
}

function refuseEmpty(password: string): string {
  if (password !== '') return password
  throw new Error('The password is empty: nothing was changed.')
}

async function ask(question: string): Promise<string> {
  // readline puts the terminal into raw mode, so what it does not write is not seen.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  // Not before: a secret that is pasted at once would be seen.
  process.stderr.write(question)
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('line', resolve)
      terminal.once('SIGINT', () => {
        reject(new ClientError('aborted', 'Interrupted: nothing was changed.'))
      })
      terminal.once('close', () => reject(new Error('No password was given: nothing was changed.')))
    })
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
