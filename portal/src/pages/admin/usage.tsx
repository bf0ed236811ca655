import { useState } from 'preact/hooks'
import { formatDay, formatNumber, formatSize } from '../../format.ts'
import { DayChart } from '../../parts/day-chart.tsx'
import { ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Skeleton } from '../../parts/rows.tsx'
import { Select } from '../../parts/select.tsx'
import { t } from '../../texts.ts'
import { useThing } from '../../use-list.ts'
import type { Usage, UsageDay } from '../../wire.ts'

const spans = ['7', '30', '90', '366'] as const

/** What is kept and what went out, day by day. */
export function UsagePage() {
  const [span, setSpan] = useState('30')
  const { thing, error, reload } = useThing<Usage>(`/usage?days=${span}`)
  return (
    <PageFrame title={t('nav_usage')} lead={t('usage_lead')}>
      <search class="filters">
        <Select
          label={t('usage_span')}
          value={span}
          options={spans.map((days) => [days, t('usage_days', { days })])}
          onChange={setSpan}
          required
        />
      </search>
      <ErrorNotice error={error} onRetry={reload} />
      {thing === null && error === null && <Skeleton rows={4} />}
      {thing !== null && <Charts days={everyDay(thing)} />}
    </PageFrame>
  )
}

function Charts({ days }: { days: readonly UsageDay[] }) {
  const sent = days.reduce((sum, { sentBytes }) => sum + sentBytes, 0)
  const pickups = days.reduce((sum, one) => sum + one.pickups, 0)
  const counted = days.findLast(({ storedBytes }) => storedBytes !== null)
  return (
    <>
      <div class="charts">
        <DayChart
          title={t('usage_sent')}
          headline={formatSize(sent)}
          days={days.map(({ day, sentBytes }) => ({ day, value: sentBytes }))}
          format={formatSize}
        />
        <DayChart
          title={t('usage_pickups')}
          headline={formatNumber(pickups)}
          days={days.map(({ day, pickups }) => ({ day, value: pickups }))}
          format={formatNumber}
        />
        <DayChart
          title={t('usage_stored')}
          headline={counted === undefined ? '–' : formatSize(counted.storedBytes ?? 0)}
          days={days.map(({ day, storedBytes }) => ({ day, value: storedBytes }))}
          format={formatSize}
        />
      </div>
      <details class="card">
        <summary>{t('usage_table')}</summary>
        <UsageTable days={days.filter(happened).reverse()} />
      </details>
    </>
  )
}

function UsageTable({ days }: { days: readonly UsageDay[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="table" tabIndex={0} aria-label={t('usage_table')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('usage_day')}</th>
            <th scope="col">{t('usage_sent')}</th>
            <th scope="col">{t('usage_pickups')}</th>
            <th scope="col">{t('usage_stored')}</th>
          </tr>
        </thead>
        <tbody>
          {days.map(({ day, sentBytes, pickups, storedBytes }) => (
            <tr key={day}>
              <td>{formatDay(day)}</td>
              <td>{formatSize(sentBytes)}</td>
              <td>{formatNumber(pickups)}</td>
              <td>{storedBytes === null ? '–' : formatSize(storedBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Also the days on which nothing happened. */
function everyDay({ from, until, items }: Usage): UsageDay[] {
  const known = new Map(items.map((item) => [item.day, item]))
  const days: UsageDay[] = []
  for (let time = Date.parse(from); time <= Date.parse(until); time += 86_400_000) {
    const day = new Date(time).toISOString().slice(0, 10)
    days.push(known.get(day) ?? { day, sentBytes: 0, pickups: 0, storedBytes: null })
  }
  return days
}

function happened({ sentBytes, storedBytes }: UsageDay): boolean {
  return sentBytes > 0 || storedBytes !== null
}
