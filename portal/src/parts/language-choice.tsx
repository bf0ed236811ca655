import { useId } from 'preact/hooks'
import { currentLanguage, type Language, t } from '../texts.ts'

/** The language of the portal; each by its own name. */
export function LanguageChoice({ onChange }: { onChange(language: Language): void }) {
  const id = useId()
  return (
    <div class="language">
      <label for={id} class="unseen">
        {t('language')}
      </label>
      <select
        id={id}
        value={currentLanguage()}
        onChange={(event) => onChange(event.currentTarget.value as Language)}
      >
        <option value="en" lang="en">
          English
        </option>
        <option value="fr" lang="fr">
          Français
        </option>
      </select>
    </div>
  )
}
