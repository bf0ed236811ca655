import { useId, useState } from 'preact/hooks'
import { t } from '../texts.ts'

interface DropProps {
  label: string
  hint: string
  accept?: string
  disabled?: boolean
  onFile(file: File): void
}

/** Takes a file by drop, by click or by keyboard. */
export function Drop({ label, hint, accept, disabled = false, onFile }: DropProps) {
  const id = useId()
  const [isOver, setOver] = useState(false)
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0]
    if (file !== undefined && !disabled) onFile(file)
  }
  return (
    <label
      for={id}
      class={`drop${isOver ? ' over' : ''}${disabled ? ' disabled' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer?.files)
      }}
    >
      <input
        id={id}
        type="file"
        class="unseen"
        disabled={disabled}
        {...(accept === undefined ? {} : { accept })}
        onChange={(event) => {
          take(event.currentTarget.files)
          event.currentTarget.value = ''
        }}
      />
      <strong>{label}</strong>
      <span class="quiet">{hint}</span>
      <span class="button">{t('choose_file')}</span>
    </label>
  )
}
