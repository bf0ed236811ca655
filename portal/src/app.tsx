import { useEffect, useState } from 'preact/hooks'
import { type ApiError, get, whenSignedOut } from './api.ts'
import { followEvents } from './live.ts'
import { SignInPage } from './pages/sign-in.tsx'
import { ErrorNotice } from './parts/notice.tsx'
import { Shell } from './parts/shell.tsx'
import { currentLanguage, type Language, setLanguage } from './texts.ts'
import type { Me } from './wire.ts'

/** The portal: the sign-in, or the pages of whoever has signed in. */
export function App() {
  const [me, setMe] = useState<Me | null | undefined>(undefined)
  const [hasEnded, setEnded] = useState(false)
  const [error, setError] = useState<ApiError | null>(null)
  const [language, changeLanguage] = useState<Language>(currentLanguage())

  const choose = (next: Language) => {
    setLanguage(next)
    changeLanguage(next)
  }
  const find = () => {
    setError(null)
    get<Me>('/me').then(setMe, (problem: ApiError) => {
      if (problem.status === 401) setMe(null)
      else setError(problem)
    })
  }
  useEffect(() => {
    setLanguage(language)
    whenSignedOut(() =>
      setMe((now) => {
        if (now) setEnded(true)
        return null
      }),
    )
    find()
  }, [])
  useEffect(() => (me ? followEvents() : undefined), [me?.id])

  if (error !== null) return <ErrorNotice error={error} onRetry={find} />
  if (me === undefined) return <div class="booting" />
  if (me === null) {
    return (
      <SignInPage
        key={language}
        hasEnded={hasEnded}
        onSignedIn={(who) => {
          setEnded(false)
          setMe(who)
        }}
        onLanguage={choose}
      />
    )
  }
  return (
    <Shell
      key={language}
      me={me}
      onLanguage={choose}
      onSignedOut={() => {
        setEnded(false)
        setMe(null)
      }}
    />
  )
}
