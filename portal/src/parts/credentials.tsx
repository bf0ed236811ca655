import { useState } from 'preact/hooks'
import { call, post } from '../api.ts'
import { formatDistance, formatTime } from '../format.ts'
import { t } from '../texts.ts'
import { useThing } from '../use-list.ts'
import type { Credential, IssuedCredential } from '../wire.ts'
import { CopyField } from './copy-field.tsx'
import { Dialog } from './dialog.tsx'
import { announce, ErrorNotice } from './notice.tsx'
import { Skeleton } from './rows.tsx'
import { useAction } from './use-action.ts'

/** The credentials at a path of `/v1`: made, shown once, revoked. */
export function Credentials({ path, username }: { path: string; username: string }) {
  const { thing, error, reload } = useThing<{ items: Credential[] }>(path)
  const [making, setMaking] = useState<'token' | 'key' | 'password' | null>(null)
  const action = useAction()
  const revoke = (one: Credential) =>
    action.run(async () => {
      await call('DELETE', `${path}/${one.id}`)
      announce(t('key_revoked'))
      reload()
    })
  return (
    <>
      <p class="buttons">
        <button type="button" class="primary" onClick={() => setMaking('token')}>
          {t('make_token')}
        </button>
        <button type="button" onClick={() => setMaking('key')}>
          {t('make_key')}
        </button>
        <button type="button" onClick={() => setMaking('password')}>
          {t('set_password')}
        </button>
      </p>
      <ErrorNotice error={error ?? action.error} onRetry={reload} />
      {thing === null && error === null && <Skeleton rows={3} />}
      {thing?.items.length === 0 && <p class="quiet">{t('no_keys')}</p>}
      <ul class="rows" aria-label={t('nav_keys')}>
        {thing?.items.map((one) => (
          <li key={one.id}>
            <article class="row">
              <div class="row-main">
                <span class="row-title">
                  {one.name || one.publicId || t(`credential_${one.kind}`)}
                </span>
                <span class="quiet row-note">
                  {t(`credential_${one.kind}`)} ·{' '}
                  {t('made', { when: formatDistance(one.createdAt) })}
                  {one.expiresAt !== null &&
                    ` · ${t('until', { when: formatTime(one.expiresAt) })}`}
                </span>
              </div>
              <div class="row-state">
                <span class="badge" data-link={isUsable(one) ? 'open' : 'revoked'}>
                  {isUsable(one) ? t('key_usable') : t('link_over')}
                </span>
              </div>
              <div class="row-action">
                <button
                  type="button"
                  class="danger"
                  disabled={one.revokedAt !== null || action.isBusy}
                  aria-label={t('revoke_name', { name: one.name || one.publicId || one.kind })}
                  onClick={() => revoke(one)}
                >
                  {t('revoke')}
                </button>
              </div>
            </article>
          </li>
        ))}
      </ul>
      {making !== null && (
        <MakeDialog
          kind={making}
          path={path}
          username={username}
          onMade={reload}
          onClose={() => setMaking(null)}
        />
      )}
    </>
  )
}

function isUsable({ revokedAt, expiresAt }: Credential): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > Date.now())
}

interface MakeProps {
  kind: 'token' | 'key' | 'password'
  path: string
  username: string
  onMade(): void
  onClose(): void
}

const titles = { token: 'make_token', key: 'make_key', password: 'set_password' } as const

function MakeDialog({ kind, path, username, onMade, onClose }: MakeProps) {
  const [text, setText] = useState('')
  const [made, setMade] = useState<IssuedCredential | null>(null)
  const action = useAction()
  const make = async () => {
    const wish = kind === 'password' ? { password: text } : text === '' ? {} : { name: text }
    const issued = await post<IssuedCredential>(path, { kind, ...wish })
    if (kind === 'password') {
      announce(t('password_set'))
      onClose()
    } else setMade(issued)
    onMade()
  }
  return (
    <Dialog title={t(titles[kind])} onClose={onClose}>
      {made === null ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            action.run(make)
          }}
        >
          {kind === 'password' && (
            <input type="text" hidden autocomplete="username" value={username} readOnly />
          )}
          <div class="field">
            <label for="made-name">{kind === 'password' ? t('new_password') : t('key_name')}</label>
            <input
              id="made-name"
              {...(kind === 'password' ? { type: 'password' as const } : {})}
              autocomplete={kind === 'password' ? 'new-password' : 'off'}
              required={kind === 'password'}
              maxLength={200}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <p class="quiet">{kind === 'password' ? t('password_hint') : t('key_name_hint')}</p>
          </div>
          <ErrorNotice error={action.error} />
          <button type="submit" class="primary" disabled={action.isBusy}>
            {t(titles[kind])}
          </button>
        </form>
      ) : (
        <>
          <p class="notice">{t('shown_once')}</p>
          {made.token !== undefined && (
            <CopyField label={t('credential_token')} text={made.token} />
          )}
          {made.accessKey !== undefined && (
            <CopyField label={t('access_key')} text={made.accessKey} />
          )}
          {made.secretKey !== undefined && (
            <CopyField label={t('secret_key')} text={made.secretKey} />
          )}
        </>
      )}
    </Dialog>
  )
}
