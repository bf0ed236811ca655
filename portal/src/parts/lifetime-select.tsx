import { t } from '../texts.ts'
import { Select } from './select.tsx'

/** In seconds; each has its words in the catalogue. */
export type Lifetime = 900 | 3600 | 86_400 | 604_800 | 2_592_000 | 7_776_000

interface LifetimeSelectProps {
  choices: readonly Lifetime[]
  value: Lifetime
  onChange(value: Lifetime): void
}

/** How long something stays good. */
export function LifetimeSelect({ choices, value, onChange }: LifetimeSelectProps) {
  return (
    <Select
      label={t('link_lifetime')}
      value={String(value)}
      options={choices.map((seconds) => [String(seconds), t(`lifetime_${seconds}`)])}
      onChange={(text) => onChange(Number(text) as Lifetime)}
      required
    />
  )
}
