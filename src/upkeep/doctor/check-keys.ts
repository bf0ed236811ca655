import type { Settings } from '../../config.ts'
import type { NamedKey } from '../../settings/setting-kinds.ts'
import { type Finding, findingsOf } from './finding.ts'

/** Are there keys, and could somebody guess them? */
export function checkKeys({ signingKeys, masterKeys }: Settings): Finding[] {
  return [
    checkRing('signing-keys', 'CLAIMCHECK_SIGNING_KEYS', signingKeys),
    checkRing('master-keys', 'CLAIMCHECK_MASTER_KEYS', masterKeys),
    checkSharing(signingKeys, masterKeys),
  ].flat()
}

function checkRing(check: string, setting: string, keys: readonly NamedKey[]): Finding {
  const { ok, warn, fail } = findingsOf(check)
  if (keys.length === 0) {
    return fail(`There is none in ${setting}.`, 'Run "claimcheck init", or bring the keys back.')
  }
  const weak = keys.filter(({ secret }) => isWeak(secret)).map(({ id }) => `"${id}"`)
  if (weak.length > 0) {
    return warn(
      `${weak.join(', ')} does not look random.`,
      `Put a key of 32 random bytes in front of it in ${setting}, as "openssl rand -base64 32 | tr +/ -_" makes them.`,
    )
  }
  return ok(
    `${keys.length === 1 ? 'One key' : `${keys.length} keys`}, the first is "${keys[0]?.id}".`,
  )
}

/** Of 32 random bytes fewer than 20 different ones come less than once in 10^9 times; text that people type has fewer. */
function isWeak(secret: Uint8Array): boolean {
  const isText = secret.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText || new Set(secret).size < 20
}

function checkSharing(signing: readonly NamedKey[], master: readonly NamedKey[]): Finding[] {
  const same = signing.find((key) =>
    master.some((other) => Buffer.compare(key.secret, other.secret) === 0),
  )
  if (same === undefined) return []
  const { warn } = findingsOf('keys-apart')
  return [
    warn(
      `The signing key "${same.id}" is a master key, too.`,
      'Give each a secret of its own, so that one that leaks does not open the other.',
    ),
  ]
}
