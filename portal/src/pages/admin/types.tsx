import { formatDistance } from '../../format.ts'
import { deliveryPath } from '../../parts/delivery-row.tsx'
import { ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Skeleton } from '../../parts/rows.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { PageLink } from '../../router.tsx'
import { t } from '../../texts.ts'
import { useList, useThing } from '../../use-list.ts'
import type { Delivery, DownloadType } from '../../wire.ts'

/** The download types that are configured, each with its last runs. */
export function TypesPage() {
  const { thing, error, reload } = useThing<{ items: DownloadType[] }>('/download-types')
  const runs = useList<Delivery>('/deliveries?all=true&kind=download')
  return (
    <PageFrame title={t('nav_types')} lead={t('types_lead')}>
      <ErrorNotice error={error ?? runs.error} onRetry={reload} />
      {thing === null && error === null && <Skeleton rows={4} />}
      {thing?.items.length === 0 && <p class="quiet">{t('types_empty')}</p>}
      <ul class="cards">
        {thing?.items.map((type) => (
          <li key={type.name} class="card">
            <strong>{type.title || type.name}</strong>
            <span class="quiet">{type.description}</span>
            <span class="quiet">
              <code>{type.permission}</code> ·{' '}
              {type.producedBy === 'worker' ? t('by_worker') : t('by_server')}
            </span>
            <Runs runs={runs.items.filter((run) => run.type === type.name).slice(0, 3)} />
          </li>
        ))}
      </ul>
    </PageFrame>
  )
}

function Runs({ runs }: { runs: readonly Delivery[] }) {
  if (runs.length === 0) return <span class="quiet">{t('no_runs')}</span>
  return (
    <ul class="runs">
      {runs.map((run) => (
        <li key={run.id}>
          <PageLink to={deliveryPath(run)}>#{run.number}</PageLink> <StateBadge state={run.state} />{' '}
          <span class="quiet">{formatDistance(run.createdAt)}</span>
        </li>
      ))}
    </ul>
  )
}
