import { useState } from 'preact/hooks'
import { post } from '../api.ts'
import { formatTime } from '../format.ts'
import { t } from '../texts.ts'
import type { IssuedManifest } from '../wire.ts'
import { CopyField } from './copy-field.tsx'
import { Dialog } from './dialog.tsx'
import { type Lifetime, LifetimeSelect } from './lifetime-select.tsx'
import { ErrorNotice } from './notice.tsx'
import { useAction } from './use-action.ts'

/** The files of a delivery as they are when the list is asked for, or some by their numbers. */
export type Listed = { delivery: string } | { files: readonly number[] }

interface ListProps {
  listed: Listed
  /** What the list is called. */
  name: string
}

/** A button that makes a list of files for download tools. */
export function ListButton({ listed, name, disabled = false }: ListProps & { disabled?: boolean }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        disabled={disabled}
        aria-label={t('list_name', { name })}
        onClick={() => setOpen(true)}
      >
        {t('list')}
      </button>
      {isOpen && <ListDialog listed={listed} name={name} onClose={() => setOpen(false)} />}
    </>
  )
}

const lifetimes = [86_400, 604_800, 2_592_000, 7_776_000] as const

function ListDialog({ listed, name, onClose }: ListProps & { onClose(): void }) {
  const [lifetime, setLifetime] = useState<Lifetime>(604_800)
  const [made, setMade] = useState<IssuedManifest | null>(null)
  const action = useAction()
  const make = async () => {
    const wish = { ...listed, name: name.slice(0, 200), lifetimeSeconds: lifetime }
    setMade(await post<IssuedManifest>('/manifests', wish))
  }
  return (
    <Dialog title={t('list_title', { name })} onClose={onClose}>
      {made === null ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            action.run(make)
          }}
        >
          <p>{t('list_lead')}</p>
          <LifetimeSelect choices={lifetimes} value={lifetime} onChange={setLifetime} />
          <ErrorNotice error={action.error} />
          <button type="submit" class="primary" disabled={action.isBusy}>
            {t('list_make')}
          </button>
        </form>
      ) : (
        <Commands list={made} />
      )}
    </Dialog>
  )
}

/** Lines that are ready to run; the address is a secret, and told only now. */
function Commands({ list: { urls, expiresAt } }: { list: IssuedManifest }) {
  return (
    <>
      <p class="notice">{t('list_made', { when: formatTime(expiresAt) })}</p>
      <CopyField label="claimcheck" text={`claimcheck get '${urls.json}'`} />
      <CopyField label="aria2" text={`curl -sSf '${urls.aria2}' | aria2c -i -`} />
      <CopyField label="curl" text={`curl -sSf '${urls.curl}' | curl -K -`} />
      <CopyField label="wget" text={`wget -i '${urls.wget}'`} />
      <p class="buttons">
        <a class="button" href={urls.metalink} download>
          Metalink
        </a>
        <a class="button" href={urls.json} download>
          JSON
        </a>
      </p>
      <p class="quiet">{t('list_made_hint')}</p>
    </>
  )
}
