import { ClientError } from '../client/client-error.ts'
import { endings, type Snapshot } from '../client/delivery.ts'

/** @throws ClientError for every end of the work but a good one */
export function refuseEnding({ standing, message }: Pick<Snapshot, 'standing' | 'message'>): void {
  const code = endings[standing]
  if (code === null) return
  const reason = message === null ? '' : `: ${message.replace(/\.$/, '')}`
  throw new ClientError(code, `${sentences[code]}${reason}.`)
}

const sentences = {
  delivery_failed: 'The work failed on the server',
  delivery_expired: 'It expired: ask for it again',
  delivery_canceled: 'It was cancelled',
  delivery_incomplete: 'It is over, and some of its files could not be made',
} as const
