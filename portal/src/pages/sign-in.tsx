import { useEffect, useRef, useState } from 'preact/hooks'
import { call } from '../api.ts'
import { LanguageChoice } from '../parts/language-choice.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { useAction } from '../parts/use-action.ts'
import { type Language, t } from '../texts.ts'
import type { Me } from '../wire.ts'

interface SignInProps {
  /** They were signed in until now. */
  hasEnded: boolean
  onSignedIn(me: Me): void
  onLanguage(language: Language): void
}

/** By user name and password; the page that was wanted comes after it. */
export function SignInPage({ hasEnded, onSignedIn, onLanguage }: SignInProps) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const action = useAction()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.title = `${t('sign_in')} · Claimcheck`
    first.current?.focus()
  }, [])
  return (
    <main class="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          action.run(async () => {
            onSignedIn(await call<Me>('POST', '/session', { username, password }))
          })
        }}
      >
        <img src="/mark.svg" alt="" width="48" height="48" />
        <h1>{t('sign_in_title')}</h1>
        <p class="quiet">{t('sign_in_lead')}</p>
        {hasEnded && (
          <p class="notice" role="status">
            {t('session_ended')}
          </p>
        )}
        <div class="field">
          <label for="username">{t('username')}</label>
          <input
            id="username"
            ref={first}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            value={username}
            onInput={(event) => setUsername(event.currentTarget.value)}
          />
        </div>
        <div class="field">
          <label for="password">{t('password')}</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </div>
        <ErrorNotice error={action.error} />
        <button type="submit" class="primary" disabled={action.isBusy}>
          {t('sign_in')}
        </button>
      </form>
      <LanguageChoice onChange={onLanguage} />
    </main>
  )
}
