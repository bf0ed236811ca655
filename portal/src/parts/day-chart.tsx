import { useState } from 'preact/hooks'
import { formatDay } from '../format.ts'

export interface DayValue {
  /** `2026-11-22` */
  day: string
  /** Null for a day on which it was not counted. */
  value: number | null
}

interface DayChartProps {
  title: string
  /** One for each day, oldest first. */
  days: readonly DayValue[]
  format(value: number): string
  /** What stands large above it. */
  headline: string
}

/** One value by day, as bars; the day under the pointer is told beside the headline. The table of the page says the same. */
export function DayChart({ title, days, format, headline }: DayChartProps) {
  const [pointed, setPointed] = useState<DayValue | null>(null)
  const most = Math.max(...days.map(({ value }) => value ?? 0), 1)
  const hasAny = days.some(({ value }) => value)
  const first = days[0]
  const last = days.at(-1)
  return (
    <figure class="chart">
      <figcaption>
        <span class="quiet">{title}</span>
        <strong>{headline}</strong>
        <span class="quiet chart-pointed">
          {pointed === null
            ? ' '
            : `${formatDay(pointed.day)}: ${pointed.value === null ? '–' : format(pointed.value)}`}
        </span>
      </figcaption>
      <div class="chart-plot">
        <span class="chart-most quiet">{hasAny && format(most)}</span>
        <svg
          viewBox={`0 0 ${days.length} 100`}
          preserveAspectRatio="none"
          aria-hidden="true"
          onPointerLeave={() => setPointed(null)}
        >
          {days.map((one, index) => {
            const height = one.value ? Math.max((one.value / most) * 100, 0.5) : 0
            return (
              <g key={one.day} onPointerEnter={() => setPointed(one)}>
                <rect class="chart-day" x={index} y="0" width="1" height="100" />
                <rect
                  class="chart-bar"
                  x={index + 0.12}
                  y={100 - height}
                  width="0.76"
                  height={height}
                />
              </g>
            )
          })}
        </svg>
      </div>
      <p class="chart-ends quiet" aria-hidden="true">
        <span>{first === undefined ? '' : formatDay(first.day)}</span>
        <span>{last === undefined ? '' : formatDay(last.day)}</span>
      </p>
    </figure>
  )
}
