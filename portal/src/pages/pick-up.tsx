import { DeliveryRow } from '../parts/delivery-row.tsx'
import { Empty } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows } from '../parts/rows.tsx'
import { useDeliveries } from '../parts/use-deliveries.ts'
import { PageLink } from '../router.tsx'
import { t } from '../texts.ts'

/** Everything that waits for whoever is signed in, newest first. */
export function PickUpPage() {
  const list = useDeliveries('/deliveries', ({ kind }) => kind !== 'study')
  const shown = { ...list, items: list.items.filter(({ kind }) => kind !== 'study') }
  return (
    <PageFrame
      title={t('nav_pick_up')}
      lead={t('pick_up_lead')}
      actions={
        <PageLink to="/ask" class="button">
          {t('ask_for_new')}
        </PageLink>
      }
    >
      <Rows
        list={shown}
        label={t('your_deliveries')}
        keyOf={({ id }) => id}
        row={(delivery) => <DeliveryRow delivery={delivery} />}
        empty={
          <Empty title={t('pick_up_empty')}>
            <p>{t('pick_up_empty_lead')}</p>
            <PageLink to="/ask" class="button primary">
              {t('ask_for_first')}
            </PageLink>
          </Empty>
        }
      />
    </PageFrame>
  )
}
