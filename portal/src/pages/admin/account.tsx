import { useEffect, useState } from 'preact/hooks'
import { call } from '../../api.ts'
import { formatTime } from '../../format.ts'
import { Credentials } from '../../parts/credentials.tsx'
import { announce, ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Skeleton } from '../../parts/rows.tsx'
import { useAction } from '../../parts/use-action.ts'
import { t } from '../../texts.ts'
import { useThing } from '../../use-list.ts'
import type { Account, Me } from '../../wire.ts'
import { PermissionsField, toList } from './accounts.tsx'

/** One account: its permissions, its credentials, and whether it may come in. */
export function AccountPage({ id, me }: { id: string; me: Me }) {
  const { thing: account, error, reload, set } = useThing<Account>(`/accounts/${id}`)
  const [permissions, setPermissions] = useState('')
  const action = useAction()
  useEffect(() => setPermissions(account?.permissions.join('\n') ?? ''), [account])
  if (account === null) {
    return (
      <PageFrame title={t('account')}>
        <ErrorNotice error={error} onRetry={reload} />
        {error === null && <Skeleton rows={3} />}
      </PageFrame>
    )
  }
  const isOpen = account.suspendedAt === null
  const change = (body: object) =>
    action.run(async () => {
      set(await call<Account>('PATCH', `/accounts/${id}`, body))
      announce(t('saved'))
    })
  return (
    <PageFrame
      title={account.username}
      lead={
        isOpen
          ? t('account_open')
          : t('suspended_since', { when: formatTime(account.suspendedAt ?? '') })
      }
      actions={
        id !== me.id && (
          <button
            type="button"
            class={isOpen ? 'danger' : ''}
            disabled={action.isBusy}
            onClick={() => change({ suspended: isOpen })}
          >
            {isOpen ? t('suspend') : t('reinstate')}
          </button>
        )
      }
    >
      <ErrorNotice error={action.error} />
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault()
          change({ permissions: toList(permissions) })
        }}
      >
        <PermissionsField value={permissions} onChange={setPermissions} />
        <button type="submit" class="primary" disabled={action.isBusy}>
          {t('save')}
        </button>
      </form>
      <h2>{t('nav_keys')}</h2>
      <Credentials path={`/accounts/${id}/credentials`} username={account.username} />
    </PageFrame>
  )
}
