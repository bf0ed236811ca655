import type { HttpAnswer } from './http-answer.ts'

/**
 * Reads a body that should be short as text, at most `limit` bytes of it; what is longer is cut off
 * and let go. A body that breaks off gives what came.
 */
export async function drain(response: Pick<HttpAnswer, 'body'>, limit = 65_536): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let left = limit
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || value === undefined) return text + decoder.decode()
      text += decoder.decode(value.subarray(0, left), { stream: true })
      left -= value.byteLength
      if (left <= 0) {
        void reader.cancel().catch(() => {})
        return text
      }
    }
  } catch {
    return text
  }
}

/** Lets a body go unread. */
export function discard(response: Pick<HttpAnswer, 'body'>): void {
  void response.body?.cancel().catch(() => {})
}
