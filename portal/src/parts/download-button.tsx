import { t } from '../texts.ts'

/** Fetches a file, as browsers do it. */
export function DownloadButton({ file }: { file: { number: number; name: string } }) {
  return (
    <a
      class="button primary"
      href={`/v1/files/${file.number}/content`}
      download
      aria-label={t('download_name', { name: file.name })}
    >
      {t('download')}
    </a>
  )
}
