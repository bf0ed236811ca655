import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { formatTime } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Empty, ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { useAction } from '../../parts/use-action.ts'
import { navigate, PageLink } from '../../router.tsx'
import { t } from '../../texts.ts'
import { useList } from '../../use-list.ts'
import type { Account } from '../../wire.ts'

/** The accounts of the organization. */
export function AccountsPage() {
  const list = useList<Account>('/accounts')
  const [isMaking, setMaking] = useState(false)
  return (
    <PageFrame
      title={t('nav_accounts')}
      lead={t('accounts_lead')}
      actions={
        <button type="button" class="primary" onClick={() => setMaking(true)}>
          {t('account_make')}
        </button>
      }
    >
      <Rows
        list={list}
        label={t('nav_accounts')}
        keyOf={({ id }) => id}
        empty={
          <Empty title={t('accounts_empty')}>
            <p>{t('accounts_lead')}</p>
          </Empty>
        }
        row={(account) => (
          <article class="row">
            <div class="row-main">
              <PageLink to={`/admin/accounts/${account.id}`} class="row-title">
                {account.username}
              </PageLink>
              <span class="quiet row-note">
                {account.permissions.join(', ') || t('no_permissions')}
              </span>
            </div>
            <div class="row-state">
              <span class="badge" data-link={account.suspendedAt === null ? 'open' : 'revoked'}>
                {account.suspendedAt === null ? t('account_open') : t('account_suspended')}
              </span>
              <span class="quiet">{formatTime(account.createdAt)}</span>
            </div>
            <div class="row-action">
              <PageLink
                to={`/admin/accounts/${account.id}`}
                class="button"
                label={t('open_name', { name: account.username })}
              >
                {t('open')}
              </PageLink>
            </div>
          </article>
        )}
      />
      {isMaking && <MakeAccount onClose={() => setMaking(false)} />}
    </PageFrame>
  )
}

function MakeAccount({ onClose }: { onClose(): void }) {
  const [username, setUsername] = useState('')
  const [permissions, setPermissions] = useState('download:*')
  const action = useAction()
  return (
    <Dialog title={t('account_make')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          action.run(async () => {
            const account = await post<Account>('/accounts', {
              username,
              permissions: toList(permissions),
            })
            navigate(`/admin/accounts/${account.id}`)
          })
        }}
      >
        <div class="field">
          <label for="account-name">{t('username')}</label>
          <input
            id="account-name"
            required
            autocomplete="off"
            value={username}
            onInput={(event) => setUsername(event.currentTarget.value)}
          />
        </div>
        <PermissionsField value={permissions} onChange={setPermissions} />
        <ErrorNotice error={action.error} />
        <button type="submit" class="primary" disabled={action.isBusy}>
          {t('account_make')}
        </button>
      </form>
    </Dialog>
  )
}

interface PermissionsProps {
  value: string
  onChange(value: string): void
}

/** Permissions, one a line. */
export function PermissionsField({ value, onChange }: PermissionsProps) {
  return (
    <div class="field">
      <label for="permissions">{t('permissions')}</label>
      <textarea
        id="permissions"
        rows={4}
        spellcheck={false}
        value={value}
        aria-describedby="permissions-hint"
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p class="quiet" id="permissions-hint">
        {t('permissions_hint')}
      </p>
    </div>
  )
}

export function toList(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
