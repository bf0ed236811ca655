import { useId } from 'preact/hooks'
import { t } from '../texts.ts'

interface SelectProps {
  label: string
  value: string
  options: readonly (readonly [value: string, text: string])[]
  onChange(value: string): void
  /** There is no "all". */
  required?: boolean
  disabled?: boolean
}

/** One of some, or all of them. */
export function Select({ label, value, options, onChange, ...how }: SelectProps) {
  const { required = false, disabled = false } = how
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {!required && <option value="">{t('all')}</option>}
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}
