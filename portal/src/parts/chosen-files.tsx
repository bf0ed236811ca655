import { post } from '../api.ts'
import { formatNumber, formatSize } from '../format.ts'
import { t, tn } from '../texts.ts'
import type { StudyFile } from '../wire.ts'
import { ListButton } from './list-dialog.tsx'
import { ErrorNotice } from './notice.tsx'
import { useAction } from './use-action.ts'

interface ChosenProps {
  chosen: ReadonlyMap<number, StudyFile>
  /** What is listed at the moment, as far as it is read. */
  shown: readonly StudyFile[]
  /** What a list of them is called. */
  name: string
  onChoose(files: readonly StudyFile[]): void
}

/** What was chosen, and what can be done with it; it stays in view while one scrolls on. */
export function ChosenFiles({ chosen, shown, name, onChoose }: ChosenProps) {
  const action = useAction()
  const size = [...chosen.values()].reduce((sum, file) => sum + (file.size ?? 0), 0)
  const take = async () => {
    const archive = await post<{ link: { url: string } }>('/archives', {
      files: [...chosen.keys()],
    })
    location.assign(archive.link.url)
  }
  return (
    <div class={`chosen${chosen.size > 0 ? ' some' : ''}`}>
      <span role="status">
        {chosen.size === 0
          ? t('choose_several')
          : `${tn('chosen', chosen.size)}, ${formatSize(size)}`}
      </span>
      <div class="chosen-actions">
        <button
          type="button"
          class="primary"
          disabled={chosen.size === 0 || action.isBusy}
          onClick={() => action.run(take)}
        >
          {t('download_chosen')}
        </button>
        <ListButton
          listed={{ files: [...chosen.keys()] }}
          name={name}
          disabled={chosen.size === 0}
        />
      </div>
      {chosen.size === 0 ? (
        <button type="button" disabled={shown.length === 0} onClick={() => onChoose(shown)}>
          {t('choose_all', { count: formatNumber(shown.length) })}
        </button>
      ) : (
        <button type="button" onClick={() => onChoose([])}>
          {t('choose_none')}
        </button>
      )}
      <ErrorNotice error={action.error} />
    </div>
  )
}
