import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { PageLink } from '../router.tsx'
import { Icon } from './icon.tsx'

interface PageProps {
  title: string
  lead?: ComponentChildren
  /** Buttons at the right of the title. */
  actions?: ComponentChildren
  children: ComponentChildren
}

/** A page with its heading, which has the focus when one comes here from another page. */
export function PageFrame({ title, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Claimcheck`
  }, [title])
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <>
      <header class="page-head">
        <div>
          <h1 tabIndex={-1} ref={heading}>
            {title}
          </h1>
          {lead !== undefined && <div class="lead">{lead}</div>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  )
}

/** The way to the page above. */
export function BackLink({ to, text }: { to: string; text: string }) {
  return (
    <p>
      <PageLink to={to} class="back">
        <Icon name="back" /> {text}
      </PageLink>
    </p>
  )
}
