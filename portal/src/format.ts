import { currentLocale } from './texts.ts'

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** `1.4 MB` */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return new Intl.NumberFormat(currentLocale(), {
    style: 'unit',
    unit: units[unit] ?? 'byte',
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value)
}

/** `15 Jan 2026, 12:00` */
export function formatTime(time: string): string {
  return new Intl.DateTimeFormat(currentLocale(), {
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(new Date(time))
}

/** `15 Jan 2026`, for a day like `2026-01-15`, which is one in UTC */
export function formatDay(day: string): string {
  const format = new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'medium', timeZone: 'UTC' })
  return format.format(new Date(day))
}

const steps: [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [90, 1, 'second'],
  [5400, 60, 'minute'],
  [129_600, 3600, 'hour'],
  [Number.POSITIVE_INFINITY, 86_400, 'day'],
]

/** `in 3 days`, `5 minutes ago` */
export function formatDistance(time: string): string {
  const seconds = (Date.parse(time) - Date.now()) / 1000
  const format = new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto' })
  const [, size, unit] = steps.find(([limit]) => Math.abs(seconds) < limit) ?? [0, 1, 'second']
  return format.format(Math.round(seconds / size), unit)
}

export function formatPercent(part: number): string {
  return new Intl.NumberFormat(currentLocale(), { style: 'percent' }).format(part)
}

export function formatNumber(value: number): string {
  return value.toLocaleString(currentLocale())
}
