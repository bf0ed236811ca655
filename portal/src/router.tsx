import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const listeners = new Set<() => void>()

/** Goes to a page of the portal. */
export function navigate(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', path)
  else history.pushState(null, '', path)
  for (const listener of listeners) listener()
  if (!replace) window.scrollTo(0, 0)
}

/** The path and the query of the page that is shown. */
export function useLocation(): { path: string; query: URLSearchParams } {
  const [place, setPlace] = useState(location.pathname + location.search)
  useEffect(() => {
    const update = () => setPlace(location.pathname + location.search)
    listeners.add(update)
    window.addEventListener('popstate', update)
    return () => {
      listeners.delete(update)
      window.removeEventListener('popstate', update)
    }
  }, [])
  const [path = '/', search = ''] = place.split('?', 2)
  return { path, query: new URLSearchParams(search) }
}

interface LinkProps {
  to: string
  class?: string
  label?: string
  current?: boolean
  children: ComponentChildren
}

/** A link inside the portal, that behaves as any other link does. */
export function PageLink({ to, label, current = false, children, ...rest }: LinkProps) {
  return (
    <a
      href={to}
      aria-label={label}
      aria-current={current ? 'page' : undefined}
      {...rest}
      onClick={(event) => {
        const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey
        if (!isPlain || event.altKey) return
        event.preventDefault()
        navigate(to)
      }}
    >
      {children}
    </a>
  )
}
