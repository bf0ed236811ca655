import { useState } from 'preact/hooks'
import { DeliveryRow } from '../../parts/delivery-row.tsx'
import { Empty } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Select } from '../../parts/select.tsx'
import { useAccounts } from '../../parts/use-accounts.ts'
import { useDeliveries } from '../../parts/use-deliveries.ts'
import { t } from '../../texts.ts'
import type { DeliveryKind, DeliveryState } from '../../wire.ts'
import { PublishPanel } from './publish.tsx'

const states: DeliveryState[] = [
  ...(['pending', 'running', 'paused', 'done', 'incomplete', 'failed', 'canceled'] as const),
  'expired',
]
const kinds: DeliveryKind[] = ['download', 'order', 'study', 'import', 'port-order']

/** The deliveries of the whole organization, and the place to publish. */
export function AllDeliveriesPage() {
  const [state, setState] = useState('')
  const [kind, setKind] = useState('')
  const { nameOf } = useAccounts()
  const query = new URLSearchParams({
    all: 'true',
    ...(state === '' ? {} : { state }),
    ...(kind === '' ? {} : { kind }),
  })
  const list = useDeliveries(
    `/deliveries?${query}`,
    (one) => (state === '' || one.state === state) && (kind === '' || one.kind === kind),
  )
  return (
    <PageFrame title={t('nav_all_deliveries')} lead={t('all_deliveries_lead')}>
      <PublishPanel />
      <search class="filters">
        <Select
          label={t('state')}
          value={state}
          options={states.map((one) => [one, t(`state_${one}`)])}
          onChange={setState}
        />
        <Select
          label={t('kind')}
          value={kind}
          options={kinds.map((one) => [one, t(`kinds_${one}`)])}
          onChange={setKind}
        />
      </search>
      <Rows
        list={list}
        label={t('nav_all_deliveries')}
        keyOf={({ id }) => id}
        row={(delivery) => <DeliveryRow delivery={delivery} by={nameOf(delivery.ownerId)} />}
        empty={
          <Empty title={t('all_deliveries_empty')}>
            <p>{t('all_deliveries_empty_lead')}</p>
          </Empty>
        }
      />
    </PageFrame>
  )
}
