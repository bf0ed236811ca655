import { useId, useState } from 'preact/hooks'
import { t } from '../texts.ts'

interface DropProps {
  label: string
  hint: string
  accept?: string
  disabled?: boolean
  /** Takes more than one at a time. */
  multiple?: boolean
  onFiles(files: readonly File[]): void
}

/** Takes files by drop, by click or by keyboard. */
export function Drop({
  label,
  hint,
  accept,
  onFiles,
  disabled = false,
  multiple = false,
}: DropProps) {
  const id = useId()
  const [isOver, setOver] = useState(false)
  const take = (files: FileList | null | undefined) => {
    const all = [...(files ?? [])]
    if (all.length > 0 && !disabled) onFiles(multiple ? all : all.slice(0, 1))
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
        multiple={multiple}
        {...(accept === undefined ? {} : { accept })}
        onChange={(event) => {
          take(event.currentTarget.files)
          event.currentTarget.value = ''
        }}
      />
      <strong>{label}</strong>
      <span class="quiet">{hint}</span>
      <span class="button">{t(multiple ? 'choose_files' : 'choose_file')}</span>
    </label>
  )
}
