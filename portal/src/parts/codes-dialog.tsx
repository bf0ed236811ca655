import { t } from '../texts.ts'
import type { StudyDelivery, StudyFile } from '../wire.ts'
import { CopyField, copyText } from './copy-field.tsx'
import { Dialog } from './dialog.tsx'

interface CodesProps {
  file: StudyFile
  deliveries: readonly StudyDelivery[]
  onClose(): void
}

/** What a script needs to fetch the same file: the codes, and lines that are ready to run. */
export function CodesDialog({ file, deliveries, onClose }: CodesProps) {
  const place = deliveries.find((one) => one.study === file.study && one.delivery === file.delivery)
  const organization = place?.organization ?? ''
  const codes = `${organization}/${file.study}/${file.delivery}`
  const base = place?.url ?? `${location.origin}/api_file/v1/`
  const url = base + encodeURIComponent(file.segment)
  return (
    <Dialog title={file.name} onClose={onClose}>
      <CopyField label={t('codes_of_delivery')} text={codes} />
      <CopyField label="curl" text={`curl -sSfLO -u USER:PASSWORD '${url}'`} />
      <CopyField label="claimcheck" text={`claimcheck get '${url}'`} />
      <p>
        <button type="button" onClick={() => void copyText(url)}>
          {t('copy_address')}
        </button>
      </p>
    </Dialog>
  )
}
