import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A server and how to sign in there. */
export interface Profile {
  readonly url: string
  readonly token?: string
  readonly user?: string
  readonly password?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly scope?: string
  readonly tokenUrl?: string
  /** Who keeps the secret in place of this file: see credential-helper.ts. */
  readonly helper?: string
}

export type Profiles = Readonly<Record<string, Profile>>

/**
 * Reads the file of profiles; none where there is no file.
 * @throws Error with a sentence when it is no such file
 */
export async function readProfiles(path: string): Promise<Profiles> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    const { profiles } = JSON.parse(text) as { profiles?: Profiles }
    if (typeof profiles === 'object' && profiles !== null) return profiles
  } catch {
    // Said below.
  }
  throw new Error(`${path} is no file of profiles: mend it, or remove it and log in again.`)
}

/** Writes them for the owner's eyes only; a crash leaves the old file or the new one. */
export async function writeProfiles(path: string, profiles: Profiles): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const fresh = `${path}.${process.pid}.new`
  await rm(fresh, { force: true })
  await writeFile(fresh, `${JSON.stringify({ profiles }, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await chmod(fresh, 0o600)
  await rename(fresh, path)
}

/** The profile of that name, or else the one for the address's server; null when there is none. */
export function chooseProfile(
  profiles: Profiles,
  { name, url }: { name: string | null; url: string | null },
): Profile | null {
  if (name !== null) {
    const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined
    if (found !== undefined) return found
    throw new Error(`There is no profile "${name}": "claimcheck login" makes one.`)
  }
  if (url === null) {
    const all = Object.values(profiles)
    return all.length === 1 ? (all[0] ?? null) : null
  }
  if (!URL.canParse(url)) return null
  const { origin } = new URL(url)
  return Object.values(profiles).find((one) => originOf(one.url) === origin) ?? null
}

/** A server's origin, under which its profile is kept; null for what is no URL. */
export function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null
}
