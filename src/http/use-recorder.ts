import type { IncomingMessage } from 'node:http'
import type { ByteSpan, Content } from '../core/content.ts'
import type { Core } from '../core/core.ts'
import { keepUse, noteUse, reserveUse } from '../core/grants/grant-uses.ts'

/** Counts the downloads by counted signed URLs of this node, together with the other nodes. */
export interface UseRecorder {
  /**
   * Reserves a use for whoever asks, or finds the one that it holds.
   * @throws DeliveryError `limit_reached`
   */
  begin(grantId: string, taking: Taking): Promise<HeldUse>
  /** Resolves when all that was noted is in the database. */
  flush(): Promise<void>
}

export interface Taking {
  request: IncomingMessage
  address: string | null
  content: Content
}

/** A use while bytes go out. */
export interface HeldUse {
  note(span: ByteSpan): void
  /** No more bytes go out by this request. */
  end(): void
}

/** Well below the ten minutes after which a use is free again: a slow client's next note may be far. */
const KEEP_MS = 60_000

/** @param onError hears of a note that could not be written */
export function createUseRecorder(core: Core, onError: (error: unknown) => void): UseRecorder {
  const pending = new Map<string, Promise<void>>()

  /** In turn for each grant. */
  function write(grantId: string, work: () => Promise<void>): void {
    const before = pending.get(grantId) ?? Promise.resolve()
    const mine = before.then(work).catch(onError)
    pending.set(grantId, mine)
    void mine.then(() => {
      if (pending.get(grantId) === mine) pending.delete(grantId)
    })
  }

  return {
    async begin(grantId, { request, address, content: { size } }) {
      // Whoever has just got the last byte and asks again finds it counted.
      await pending.get(grantId)
      const agent = request.headers['user-agent'] ?? ''
      const useId = await reserveUse(core, grantId, { address, agent })
      const keeping = setInterval(() => write(grantId, () => keepUse(core, useId)), KEEP_MS)
      return {
        note: (span) => write(grantId, () => noteUse(core, useId, { span, size })),
        end: () => clearInterval(keeping),
      }
    },
    async flush() {
      await Promise.all(pending.values())
    },
  }
}
