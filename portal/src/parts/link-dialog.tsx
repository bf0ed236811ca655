import { useState } from 'preact/hooks'
import { post } from '../api.ts'
import { formatTime } from '../format.ts'
import { t, tn } from '../texts.ts'
import type { FileEntry } from '../wire.ts'
import { CopyField } from './copy-field.tsx'
import { Dialog } from './dialog.tsx'
import { type Lifetime, LifetimeSelect } from './lifetime-select.tsx'
import { ErrorNotice } from './notice.tsx'
import { Select } from './select.tsx'
import { useAction } from './use-action.ts'

interface LinkDialogProps {
  file: FileEntry
  onClose(): void
}

interface MadeLink {
  url: string
  expiresAt: string
}

/** Makes a link to a file, and shows it, this once. */
export function LinkDialog({ file, onClose }: LinkDialogProps) {
  const [made, setMade] = useState<MadeLink | null>(null)
  return (
    <Dialog title={t('link_title', { name: file.name })} onClose={onClose}>
      {made === null ? (
        <LinkForm file={file} onMade={setMade} />
      ) : (
        <>
          <CopyField label={t('link_url')} text={made.url} />
          <p class="quiet">{t('link_until', { when: formatTime(made.expiresAt) })}</p>
        </>
      )}
    </Dialog>
  )
}

const useCounts = [1, 5, 20] as const
const lifetimes = [900, 3600, 86_400, 604_800] as const

function LinkForm({ file, onMade }: { file: FileEntry; onMade(link: MadeLink): void }) {
  const [lifetime, setLifetime] = useState<Lifetime>(86_400)
  const [maxUses, setMaxUses] = useState('')
  const [page, setPage] = useState(false)
  const action = useAction()
  const make = async () => {
    const limits = maxUses === '' ? {} : { maxUses: Number(maxUses) }
    const wish = { lifetimeSeconds: lifetime, page, ...limits }
    onMade(await post<MadeLink>(`/files/${file.number}/links`, wish))
  }
  const counts = useCounts.map((count) => [String(count), tn('link_uses_count', count)] as const)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        action.run(make)
      }}
    >
      <p>{t('link_lead')}</p>
      <LifetimeSelect choices={lifetimes} value={lifetime} onChange={setLifetime} />
      <Select
        label={t('link_uses')}
        value={maxUses}
        options={[['', t('link_uses_any')], ...counts]}
        onChange={setMaxUses}
        required
      />
      <label class="check">
        <input
          type="checkbox"
          checked={page}
          onChange={(event) => setPage(event.currentTarget.checked)}
        />{' '}
        {t('link_page')}
      </label>
      <ErrorNotice error={action.error} />
      <button type="submit" class="primary" disabled={action.isBusy}>
        {t('link_make')}
      </button>
    </form>
  )
}
