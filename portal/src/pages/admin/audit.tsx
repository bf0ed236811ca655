import { useEffect, useState } from 'preact/hooks'
import { get, type Page } from '../../api.ts'
import { formatTime } from '../../format.ts'
import { PageFrame } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Select } from '../../parts/select.tsx'
import { t } from '../../texts.ts'
import { useList } from '../../use-list.ts'
import type { Account, AuditEvent } from '../../wire.ts'

const areas = ['delivery', 'file', 'link', 'credential', 'account', 'organization', 'port-order']

/** What happened, by whom, with filters; and the same as a CSV. */
export function AuditPage() {
  const [area, setArea] = useState('')
  const [actor, setActor] = useState('')
  const [from, setFrom] = useState('')
  const [accounts, setAccounts] = useState<Account[]>([])
  useEffect(() => {
    void get<Page<Account>>('/accounts?limit=1000').then(({ items }) => setAccounts(items))
  }, [])
  const query = new URLSearchParams({
    ...(area === '' ? {} : { action: `${area}.` }),
    ...(actor === '' ? {} : { actor }),
    ...(from === '' ? {} : { from: new Date(`${from}T00:00`).toISOString() }),
  })
  const list = useList<AuditEvent>(`/audit-events?${query}`)
  const names = new Map(accounts.map(({ id, username }) => [id, username]))
  return (
    <PageFrame
      title={t('nav_audit')}
      lead={t('audit_lead')}
      actions={
        <a class="button" href={`/v1/audit-events.csv?${query}`} download="audit.csv">
          {t('export_csv')}
        </a>
      }
    >
      <search class="filters">
        <Select
          label={t('area')}
          value={area}
          options={areas.map((one) => [one, one])}
          onChange={setArea}
        />
        <Select
          label={t('by_whom')}
          value={actor}
          options={accounts.map(({ id, username }) => [id, username])}
          onChange={setActor}
        />
        <div class="field">
          <label for="from">{t('from_day')}</label>
          <input
            id="from"
            type="date"
            value={from}
            onInput={(event) => setFrom(event.currentTarget.value)}
          />
        </div>
      </search>
      <Rows
        list={list}
        label={t('nav_audit')}
        keyOf={({ number }) => number}
        empty={<p class="quiet">{t('nothing_found')}</p>}
        row={({ at, action, actorId, deliveryNumber, data }) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title">{action}</span>
              <span class="quiet row-note">
                {actorId === null ? t('the_system') : (names.get(actorId) ?? actorId)}
                {deliveryNumber !== null && ` · #${deliveryNumber}`} · {JSON.stringify(data)}
              </span>
            </div>
            <div class="row-state quiet">
              <time dateTime={at}>{formatTime(at)}</time>
            </div>
          </article>
        )}
      />
    </PageFrame>
  )
}
