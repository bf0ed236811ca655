import { useEffect, useRef, useState } from 'preact/hooks'
import { call } from '../api.ts'
import { LanguageChoice } from '../parts/language-choice.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { useAction } from '../parts/use-action.ts'
import { hasText, type Language, type TextKey, t } from '../texts.ts'
import type { Me } from '../wire.ts'

interface SignInProps {
  /** They were signed in until now. */
  hasEnded: boolean
  /** The identity provider's name; null where there is none. */
  provider: string | null
  onSignedIn(me: Me): Promise<void>
  onLanguage(language: Language): void
}

/** By user name and password, or by the identity provider; the page that was wanted comes after it. */
export function SignInPage({ hasEnded, provider, onSignedIn, onLanguage }: SignInProps) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [refusal] = useState(takeRefusal)
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
            await onSignedIn(await call<Me>('POST', '/session', { username, password }))
          })
        }}
      >
        <img src="/mark.svg" alt="" width="48" height="48" />
        <h1>{t('sign_in_title')}</h1>
        <p class="quiet">{t('sign_in_lead')}</p>
        {refusal !== null && (
          <p class="notice bad" role="alert">
            {t(refusal)}
          </p>
        )}
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
        {provider !== null && (
          <>
            <p class="quiet or">{t('sign_in_or')}</p>
            <a class="button" href="/v1/session/provider">
              {t('sign_in_by', { name: provider })}
            </a>
          </>
        )}
      </form>
      <LanguageChoice onChange={onLanguage} />
    </main>
  )
}

/** Why the identity provider's way ended here; it is told once, and not again at a reload. */
function takeRefusal(): TextKey | null {
  const address = new URL(location.href)
  const key = `sign_in_${address.searchParams.get('sign-in')}`
  address.searchParams.delete('sign-in')
  history.replaceState(history.state, '', address)
  return hasText(key) ? key : null
}
