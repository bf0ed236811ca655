import { formatPercent } from '../format.ts'
import { t } from '../texts.ts'
import type { DeliveryState } from '../wire.ts'

/** A delivery's state as a word; programs read `data-state`. */
export function StateBadge({ state }: { state: DeliveryState }) {
  return (
    <span class="badge" data-state={state}>
      {t(`state_${state}`)}
    </span>
  )
}

/** How far something is; it keeps its place when it is over. */
export function Progress({ value, label }: { value: number; label: string }) {
  return (
    <span class="progress">
      <progress value={value} max={1} aria-label={label} />
      <span class="quiet tabular">{formatPercent(value)}</span>
    </span>
  )
}
