import { useEffect, useState } from 'preact/hooks'
import { ApiError, get, whenSignedOut } from './api.ts'
import { followEvents } from './live.ts'
import { learnTitles } from './names.ts'
import { SignInPage } from './pages/sign-in.tsx'
import { ErrorNotice } from './parts/notice.tsx'
import { Shell } from './parts/shell.tsx'
import { currentLanguage, type Language, setLanguage } from './texts.ts'
import type { Me } from './wire.ts'

/** The portal: the sign-in, or the pages of whoever has signed in. */
export function App() {
  const [me, setMe] = useState<Me | null | undefined>(undefined)
  const [hasEnded, setEnded] = useState(false)
  const [provider, setProvider] = useState<string | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const [language, changeLanguage] = useState<Language>(currentLanguage())

  const choose = (next: Language) => {
    setLanguage(next)
    changeLanguage(next)
  }
  const find = () => {
    setError(null)
    const ways = get<{ provider: string | null }>('/session/ways')
    Promise.all([ways, findMe()]).then(([{ provider }, who]) => {
      setProvider(provider)
      setMe(who)
    }, setError)
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
        provider={provider}
        onSignedIn={async (who) => {
          await learn()
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

/** Who is signed in; null for nobody. */
async function findMe(): Promise<Me | null> {
  try {
    const me = await get<Me>('/me')
    await learn()
    return me
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

/** Without the titles the pages say the names. */
async function learn(): Promise<void> {
  await learnTitles().catch(() => {})
}
