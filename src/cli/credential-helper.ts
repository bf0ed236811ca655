import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Profile } from './profiles.ts'

/**
 * Secrets that a keyring keeps, by git's protocol for credential helpers (gitcredentials(7)): the
 * helpers that come with git for each system's keyring work as they are, and any script can be one.
 * `osxkeychain` runs `git-credential-osxkeychain`, a path with a slash that program, and `!` before a
 * command line gives it to the shell; each with `get`, `store` or `erase` behind it.
 */

/** A profile with its secret, fetched from its helper when it names one. */
export async function withSecret(profile: Profile): Promise<Profile> {
  const { helper } = profile
  if (helper === undefined) return profile
  const answer = await run(helper, 'get', fieldsOf(profile))
  const secret = /^password=(.*)$/m.exec(answer)?.[1]?.replace(/\r$/, '')
  if (secret === undefined || secret === '') {
    throw new Error(
      `The credential helper "${helper}" has no secret for ${profile.url}: run "claimcheck login" again.`,
    )
  }
  return { ...profile, [secretNameOf(profile)]: secret }
}

/** @returns the profile without the secret, which its helper keeps from now on */
export async function storeSecret(profile: Profile, helper: string): Promise<Profile> {
  const name = secretNameOf(profile)
  const { [name]: secret = '', ...rest } = profile
  await run(helper, 'store', { ...fieldsOf(profile), password: secret })
  return { ...rest, helper }
}

/** Lets a helper forget the secret of a profile; nothing where none keeps it. */
export async function eraseSecret(profile: Profile): Promise<void> {
  if (profile.helper !== undefined) await run(profile.helper, 'erase', fieldsOf(profile))
}

function secretNameOf({ user, clientId }: Profile): 'password' | 'clientSecret' | 'token' {
  if (user !== undefined) return 'password'
  return clientId === undefined ? 'token' : 'clientSecret'
}

function fieldsOf({ url, user, clientId }: Profile): Record<string, string> {
  const { protocol, host } = new URL(url)
  return { protocol: protocol.slice(0, -1), host, username: user ?? clientId ?? 'claimcheck-token' }
}

async function run(
  helper: string,
  action: 'get' | 'store' | 'erase',
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  const isShell = helper.startsWith('!')
  const program = helper.includes('/') ? helper : `git-credential-${helper}`
  const child = isShell
    ? spawn(`${helper.slice(1)} ${action}`, { shell: true, stdio: ['pipe', 'pipe', 'inherit'] })
    : spawn(program, [action], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve)
  })
  // One that reads nothing may be gone before it is written to.
  child.stdin.on('error', () => {})
  child.stdin.end(`${lines(fields)}\n`)
  const [answer, code] = await Promise.all([text(child.stdout), ended]).catch((cause: unknown) => {
    const name = isShell ? helper : program
    throw new Error(`The credential helper "${name}" cannot be run: is it installed?`, { cause })
  })
  if (code === 0) return answer
  throw new Error(`The credential helper "${helper}" failed at "${action}" (${code ?? 'killed'}).`)
}

/** A line break in a value would be another field. */
function lines(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      if (!/[\n\0]/.test(value)) return `${name}=${value}\n`
      throw new Error(`The ${name} has a line break, which no credential helper takes.`)
    })
    .join('')
}
