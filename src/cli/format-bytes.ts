/** `1.5 MiB`, in powers of 1,024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}

/** `1:02:03`, `4:05`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

/**
 * Reads `500k`, `2.5M`, `1G`, in powers of 1,024, or a bare number of bytes.
 * @returns null when it is none, or not above 0
 */
export function parseBytes(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  if (found === null) return null
  const power = ' kmgt'.indexOf((found[2] ?? '').toLowerCase() || ' ')
  const bytes = Math.floor(Number(found[1]) * 1024 ** power)
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : null
}
