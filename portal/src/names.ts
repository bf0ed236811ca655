import { useEffect, useState } from 'preact/hooks'
import { get } from './api.ts'
import { t } from './texts.ts'
import type { Delivery, DownloadType, ImportDelivery, Order } from './wire.ts'

const titles = new Map<string, string>()

/** Learns what people call the download types, before the first page is drawn. */
export async function learnTitles(): Promise<void> {
  const { items } = await get<{ items: DownloadType[] }>('/download-types')
  for (const { name, title } of items) titles.set(name, title || name)
}

/** What a delivery is called: the title of its type, the codes of its study, or its kind and number. */
export function deliveryTitle({ type, kind, number, info }: Delivery): string {
  if (type !== null) return titles.get(type) ?? type
  if (kind === 'study') {
    const { study, delivery } = info as { study: string; delivery: string }
    return `${study} / ${delivery}`
  }
  return t(`kind_${kind}`, { number })
}

const given = new Map<string, string>()

/** The same; of an order its label, and of an import the name of its file, once they are known. */
export function useTitle(delivery: Delivery): string {
  const { id, kind } = delivery
  const [name, setName] = useState(given.get(id) ?? null)
  useEffect(() => {
    if ((kind !== 'order' && kind !== 'import') || given.has(id)) return
    readName(delivery).then(
      (found) => {
        given.set(id, found)
        setName(found)
      },
      // Its number will do.
      () => {},
    )
  }, [id])
  return name ?? deliveryTitle(delivery)
}

async function readName({ id, kind, number }: Delivery): Promise<string> {
  if (kind === 'order') return (await get<Order>(`/orders/${number}`)).label
  return (await get<ImportDelivery>(`/imports/${id}`)).fileName
}
