import { get } from '../api.ts'
import { useNews } from '../live.ts'
import { deliveryTitle } from '../names.ts'
import { t } from '../texts.ts'
import { type Listing, useList } from '../use-list.ts'
import type { Delivery } from '../wire.ts'
import { announce } from './notice.tsx'

/**
 * A listing of deliveries that changes as they do: new ones come in at the top.
 * @param belongs which of those that are told about belong to it
 */
export function useDeliveries(
  path: string,
  belongs: (delivery: Delivery) => boolean,
): Listing<Delivery> {
  const list = useList<Delivery>(path)
  const put = (delivery: Delivery) => {
    if (!belongs(delivery)) return
    list.change((items) => {
      const index = items.findIndex(({ id }) => id === delivery.id)
      if (index === -1) return [delivery, ...items]
      return items.with(index, delivery)
    })
  }
  useNews((news) => {
    if (news.kind === 'again') list.reload()
    if (news.kind === 'progress') put(news.delivery)
    if (news.kind !== 'event' || !news.event.action.startsWith('delivery.')) return
    const { id } = news.event.data
    if (typeof id !== 'string') return
    const { action } = news.event
    get<Delivery>(`/deliveries/${id}`).then(
      (delivery) => {
        put(delivery)
        if (action === 'delivery.done' && belongs(delivery)) {
          announce(t('now_ready', { name: deliveryTitle(delivery) }))
        }
      },
      // It is somebody else's, or gone.
      () => {},
    )
  })
  return list
}
