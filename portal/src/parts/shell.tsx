import { useEffect, useState } from 'preact/hooks'
import { call } from '../api.ts'
import { pageAt } from '../pages.tsx'
import { PageLink, useLocation } from '../router.tsx'
import { type Language, type TextKey, t } from '../texts.ts'
import type { Me } from '../wire.ts'
import { Boundary } from './boundary.tsx'
import { Icon, type IconName } from './icon.tsx'
import { LanguageChoice } from './language-choice.tsx'
import { Announcements } from './notice.tsx'

interface Entry {
  to: string
  icon: IconName
  text: TextKey
  /** The permission without which there is nothing to see; none for everybody. */
  needs?: string
}

const own: Entry[] = [
  { to: '/pick-up', icon: 'pick-up', text: 'nav_pick_up' },
  { to: '/ask', icon: 'ask', text: 'nav_ask' },
  { to: '/orders', icon: 'orders', text: 'nav_orders', needs: 'order' },
  { to: '/studies', icon: 'studies', text: 'nav_studies' },
  { to: '/imports', icon: 'imports', text: 'nav_imports', needs: 'rostering' },
  { to: '/port-orders', icon: 'port-orders', text: 'nav_port_orders', needs: 'port-orders' },
  { to: '/links', icon: 'links', text: 'nav_links' },
  { to: '/keys', icon: 'keys', text: 'nav_keys' },
]

const administration: Entry[] = [
  { to: '/admin/deliveries', icon: 'deliveries', text: 'nav_all_deliveries' },
  { to: '/admin/products', icon: 'products', text: 'nav_products' },
  { to: '/admin/accounts', icon: 'accounts', text: 'nav_accounts' },
  { to: '/admin/types', icon: 'types', text: 'nav_types' },
  { to: '/admin/jobs', icon: 'jobs', text: 'nav_jobs' },
  { to: '/admin/usage', icon: 'usage', text: 'nav_usage' },
  { to: '/admin/audit', icon: 'audit', text: 'nav_audit' },
  {
    to: '/admin/organizations',
    icon: 'organizations',
    text: 'nav_organizations',
    needs: 'operator',
  },
  { to: '/admin/settings', icon: 'settings', text: 'nav_settings', needs: 'operator' },
]

interface ShellProps {
  me: Me
  onLanguage(language: Language): void
  onSignedOut(): void
}

/** The frame around every page: where one is, where one can go, who one is. */
export function Shell({ me, onLanguage, onSignedOut }: ShellProps) {
  const { path, query } = useLocation()
  const [isOpen, setOpen] = useState(false)
  useEffect(() => setOpen(false), [path])
  const isAdministrator = me.permissions.includes('admin')
  const may = ({ needs }: Entry) =>
    needs === undefined ||
    me.permissions.includes(needs) ||
    (needs !== 'operator' && isAdministrator)
  const signOut = () => {
    void call('DELETE', '/session').then(onSignedOut, onSignedOut)
  }
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {t('skip')}
      </a>
      <div class="side">
        <header class="bar">
          <PageLink to="/" class="brand" label="Claimcheck">
            <img src="/mark.svg" alt="" width="28" height="28" />
            <span>Claimcheck</span>
          </PageLink>
          <button
            type="button"
            class="plain menu-button"
            aria-expanded={isOpen}
            aria-controls="menu"
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name="menu" /> {t('menu')}
          </button>
        </header>
        <nav id="menu" class={isOpen ? 'open' : ''} aria-label={t('main_menu')}>
          <Entries entries={own.filter(may)} path={path === '/' ? '/pick-up' : path} />
          {isAdministrator && (
            <>
              <h2>{t('administration')}</h2>
              <Entries entries={administration.filter(may)} path={path} />
            </>
          )}
          <div class="who">
            <span class="quiet">{t('signed_in_as', { name: me.username })}</span>
            <LanguageChoice onChange={onLanguage} />
            <a href="/docs">{t('api_reference')}</a>
            <button type="button" onClick={signOut}>
              {t('sign_out')}
            </button>
          </div>
        </nav>
      </div>
      <main id="content" tabIndex={-1}>
        <Boundary key={path}>{pageAt(path, { query, me })}</Boundary>
      </main>
      <Announcements />
    </div>
  )
}

function Entries({ entries, path }: { entries: readonly Entry[]; path: string }) {
  return (
    <ul>
      {entries.map(({ to, icon, text }) => (
        <li key={to}>
          <PageLink to={to} current={path === to || path.startsWith(`${to}/`)}>
            <Icon name={icon} />
            <span>{t(text)}</span>
          </PageLink>
        </li>
      ))}
    </ul>
  )
}
