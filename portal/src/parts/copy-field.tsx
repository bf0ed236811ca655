import { useId } from 'preact/hooks'
import { t } from '../texts.ts'
import { Icon } from './icon.tsx'
import { announce } from './notice.tsx'

/** Copies a text, or says that the browser did not let it. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    announce(t('copied'))
  } catch {
    announce(t('not_copied'))
  }
}

/** A text to take along. */
export function CopyField({ label, text }: { label: string; text: string }) {
  const id = useId()
  return (
    <div class="copy-field">
      <label for={id}>{label}</label>
      <div>
        <input id={id} readOnly value={text} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" onClick={() => void copyText(text)}>
          <Icon name="copy" /> {t('copy')}
        </button>
      </div>
    </div>
  )
}
