import { useState } from 'preact/hooks'
import { formatTime } from '../../format.ts'
import { PageFrame } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Select } from '../../parts/select.tsx'
import { useAccounts } from '../../parts/use-accounts.ts'
import { hasText, t } from '../../texts.ts'
import { useList } from '../../use-list.ts'
import type { AuditEvent } from '../../wire.ts'

const areas = [
  ...(['delivery', 'file', 'link', 'manifest', 'study', 'product', 'port-order'] as const),
  ...(['credential', 'account', 'organization'] as const),
]

/** What happened, by whom, with filters; and the same as a CSV. */
export function AuditPage() {
  const [area, setArea] = useState('')
  const [actor, setActor] = useState('')
  const [from, setFrom] = useState('')
  const { accounts, nameOf } = useAccounts()
  const query = new URLSearchParams({
    ...(area === '' ? {} : { action: `${area}.` }),
    ...(actor === '' ? {} : { actor }),
    ...(from === '' ? {} : { from: new Date(`${from}T00:00`).toISOString() }),
  })
  const list = useList<AuditEvent>(`/audit-events?${query}`)
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
          options={areas.map((one) => [one, t(`area_${one}`)])}
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
        row={(event) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title">{titleOf(event)}</span>
              <span class="quiet row-note" title={JSON.stringify(event.data)}>
                {event.actorId === null
                  ? t('the_system')
                  : (nameOf(event.actorId) ?? event.actorId)}
                {event.deliveryNumber !== null && ` · #${event.deliveryNumber}`}
                {factsOf(event).map((fact) => ` · ${fact}`)}
              </span>
            </div>
            <div class="row-state quiet">
              <time dateTime={event.at}>{formatTime(event.at)}</time>
              <code>{event.action}</code>
            </div>
          </article>
        )}
      />
    </PageFrame>
  )
}

function titleOf({ action, data }: AuditEvent): string {
  const key = `event_${action}`
  if (hasText(key)) return t(key)
  const status = `port_${data.to}`
  return hasText(status) ? t('port_order_now', { status: t(status) }) : action
}

/** What else is known of it, without ids, which say nothing to people. */
function factsOf({ data }: AuditEvent): string[] {
  const { names, organization, study, delivery, ...others } = data
  const known = Object.entries(others).filter(([name, value]) => {
    return value !== null && value !== '' && !isId(name, value)
  })
  const facts = known.map(([name, value]) => `${name}: ${textOf(value)}`)
  const place = study === undefined ? [] : [`${organization} / ${study} / ${delivery}`]
  return [...(Array.isArray(names) ? [textOf(names)] : []), ...place, ...facts]
}

function isId(name: string, value: unknown): boolean {
  return name === 'id' || (typeof value === 'string' && /^[0-9a-z]{26}$/.test(value))
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
