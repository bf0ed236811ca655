import { readFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { createSecureContext } from 'node:tls'

/** Where the certificate chain and its private key are, both PEM. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

interface Pem {
  cert: string
  key: string
}

/** @throws Error with one sentence for the operator when a file cannot be read, or the two do not fit together */
export function readTlsFiles({ cert, key }: TlsFiles): Pem {
  const pem = {
    cert: readPem(cert, 'CLAIMCHECK_TLS_CERT'),
    key: readPem(key, 'CLAIMCHECK_TLS_KEY'),
  }
  try {
    createSecureContext(pem)
    return pem
  } catch (cause) {
    throw new Error(
      `HTTPS cannot be spoken with CLAIMCHECK_TLS_CERT (${cert}) and CLAIMCHECK_TLS_KEY (${key}): they are not a certificate and its key (${messageOf(cause)}).`,
      { cause },
    )
  }
}

/** How often the files are looked at. */
const LOOK_MS = 60_000

/**
 * Takes a renewed certificate into use: within a minute, or at once on SIGHUP. New connections get
 * it; one that cannot be used leaves the old one in place.
 */
export function keepFresh(server: Server, files: TlsFiles): Server {
  let current = readTlsFiles(files)
  const look = (): void => {
    try {
      const next = readTlsFiles(files)
      if (next.cert === current.cert && next.key === current.key) return
      server.setSecureContext(next)
      current = next
    } catch {
      // Half of the pair may have been written so far: it is looked at again.
    }
  }
  const timer = setInterval(look, LOOK_MS).unref()
  process.on('SIGHUP', look)
  server.once('close', () => {
    clearInterval(timer)
    process.off('SIGHUP', look)
  })
  return server
}

function readPem(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`${setting} (${path}) cannot be read: ${messageOf(cause)}.`, { cause })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
