import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ApiError } from '../api.ts'
import { translated } from '../sentences.ts'
import { hasText, t } from '../texts.ts'

/** What went wrong, and what to do next. */
export function ErrorNotice({ error, onRetry }: { error: ApiError | null; onRetry?(): void }) {
  if (error === null) return null
  const key = `error_${error.code}`
  const next = `${key}_next`
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{hasText(key) ? t(key) : t('error_other')}</strong>{' '}
        {hasText(next) ? t(next) : t('error_other_next')}
      </p>
      {error.message !== '' && <ServerWords said={error.message} />}
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          {t('try_again')}
        </button>
      )}
    </div>
  )
}

/** What the server said, in the reader's language where it can be; then its own words are behind a button. */
function ServerWords({ said }: { said: string }) {
  const words = translated(said)
  return (
    <>
      {words !== null && <p class="quiet">{words}</p>}
      {words !== said && (
        <details class="said">
          <summary>{t('server_said')}</summary>
          <p lang="en">{said}</p>
        </details>
      )}
    </>
  )
}

interface EmptyProps {
  title: string
  children: ComponentChildren
}

/** Where there is nothing yet: how one begins. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

let announceText: (text: string) => void = () => {}

/** Says something to those who listen to the page, and shows it for a moment. */
export function announce(text: string): void {
  announceText(text)
}

/** Where announcements appear; once on the page. */
export function Announcements() {
  const [text, setText] = useState('')
  useEffect(() => {
    announceText = setText
  }, [])
  useEffect(() => {
    if (text === '') return
    const timer = setTimeout(() => setText(''), 6000)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div class="announcements" role="status" aria-live="polite">
      {text !== '' && <p>{text}</p>}
    </div>
  )
}
