import { useEffect, useState } from 'preact/hooks'
import { type ApiError, get, type Page, post } from '../api.ts'
import { formatNumber } from '../format.ts'
import { useNews } from '../live.ts'
import { parseCsv } from '../parse-csv.ts'
import { DeliveryRow } from '../parts/delivery-row.tsx'
import { announce, Empty, ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows, Skeleton } from '../parts/rows.tsx'
import { Progress, StateBadge } from '../parts/state-badge.tsx'
import { UploadPanel } from '../parts/upload-panel.tsx'
import { useAction } from '../parts/use-action.ts'
import { useDeliveries } from '../parts/use-deliveries.ts'
import { navigate } from '../router.tsx'
import { inWords } from '../sentences.ts'
import { t, tn } from '../texts.ts'
import { useThing } from '../use-list.ts'
import { type FileEntry, type ImportDelivery, isOver } from '../wire.ts'

/** Drop a roster file; what became of the earlier ones. */
export function ImportsPage() {
  const list = useDeliveries('/deliveries?kind=import', ({ kind }) => kind === 'import')
  return (
    <PageFrame title={t('nav_imports')} lead={t('imports_lead')}>
      <UploadPanel
        label={t('imports_drop')}
        hint={t('imports_hint')}
        accept=".csv,text/csv"
        target={{ import: 'roster' }}
        onDone={(id) => navigate(`/imports/${id}`)}
      />
      <h2>{t('imports_before')}</h2>
      <Rows
        list={list}
        label={t('imports_before')}
        keyOf={({ id }) => id}
        row={(delivery) => <DeliveryRow delivery={delivery} />}
        empty={
          <Empty title={t('imports_empty')}>
            <p>{t('imports_empty_lead')}</p>
          </Empty>
        }
      />
    </PageFrame>
  )
}

/** One import: how far it is, how its rows came out, which failed and why. */
export function ImportPage({ id }: { id: string }) {
  const { thing, error, reload } = useThing<ImportDelivery>(`/imports/${id}`)
  const action = useAction()
  useNews((news) => {
    const isIts = news.kind === 'event' && news.event.data.id === id
    const moves = news.kind === 'progress' && news.delivery.id === id
    if (isIts || moves || news.kind === 'again') reload()
  })
  const state = thing?.state
  useEffect(() => {
    if (state === 'done') announce(t('now_ready', { name: thing?.fileName ?? '' }))
  }, [state])
  if (thing === null) {
    return (
      <PageFrame title={t('import')}>
        <ErrorNotice error={error} onRetry={reload} />
        {error === null && <Skeleton rows={3} />}
      </PageFrame>
    )
  }
  const { rows } = thing
  return (
    <PageFrame
      title={thing.fileName}
      lead={
        <>
          #{thing.number} · <StateBadge state={thing.state} />
          {thing.template !== null && ` · ${thing.template}`}
        </>
      }
      actions={
        !isOver(thing.state) && (
          <button
            type="button"
            disabled={action.isBusy}
            onClick={() => action.run(() => post(`/deliveries/${id}/cancel`).then(reload))}
          >
            {t('cancel')}
          </button>
        )
      }
    >
      <ErrorNotice error={action.error} />
      <section class="panel facts" aria-label={t('facts')}>
        {!isOver(thing.state) && (
          <Progress value={thing.progress} label={t('progress_of', { name: thing.fileName })} />
        )}
        <p class="message">
          {thing.message === null ? t(`state_${thing.state}_hint`) : inWords(thing.message)}
        </p>
        <dl class="numbers">
          {(['created', 'updated', 'unchanged', 'failed'] as const).map((key) => (
            <div key={key}>
              <dt>{t(`rows_${key}`)}</dt>
              <dd>{formatNumber(rows[key])}</dd>
            </div>
          ))}
        </dl>
      </section>
      {isOver(thing.state) && <Result id={id} />}
    </PageFrame>
  )
}

/** So many bytes of a result are looked through for failed rows; the whole is to download. */
const LOOKED_THROUGH = 4_000_000
const MOST_SHOWN = 500

interface Failures {
  file: FileEntry | null
  rows: { line: number; message: string; cells: string[] }[]
}

function Result({ id }: { id: string }) {
  const [failures, setFailures] = useState<Failures | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  useEffect(() => {
    readFailures(id).then(setFailures, (problem) => setError(problem as ApiError))
  }, [id])
  if (failures === null)
    return error === null ? <Skeleton rows={2} /> : <ErrorNotice error={error} />
  const { file, rows } = failures
  return (
    <>
      {file !== null && (
        <p>
          <a class="button primary" href={`/v1/files/${file.number}/content`} download>
            {t('download_result')}
          </a>
        </p>
      )}
      <h2>{t('failed_rows')}</h2>
      {rows.length === 0 ? (
        <p class="quiet">{t('no_failed_rows')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <section class="table" tabIndex={0} aria-label={t('failed_rows')}>
          <table class="stacked">
            <thead>
              <tr>
                <th scope="col">{t('row')}</th>
                <th scope="col">{t('reason')}</th>
                <th scope="col">{t('content')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ line, message, cells }) => (
                <tr key={line}>
                  <td class="tabular" data-label={t('row')}>
                    {line}
                  </td>
                  <td>{inWords(message)}</td>
                  <td class="quiet">{cells.join(', ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {rows.length === MOST_SHOWN && <p class="quiet">{tn('first_rows', MOST_SHOWN)}</p>}
        </section>
      )}
    </>
  )
}

async function readFailures(id: string): Promise<Failures> {
  const { items } = await get<Page<FileEntry>>(`/deliveries/${id}/files?limit=1`)
  const [file] = items
  if (file === undefined) return { file: null, rows: [] }
  const answer = await fetch(`/v1/files/${file.number}/content`, {
    headers: { range: `bytes=0-${LOOKED_THROUGH - 1}` },
  })
  const [head = [], ...lines] = parseCsv(await answer.text(), 100_000)
  const status = head.indexOf('status')
  const message = head.indexOf('message')
  const rows = lines.flatMap((cells, index) =>
    cells[status] === 'error'
      ? [
          {
            line: index + 2,
            message: cells[message] ?? '',
            cells: cells.filter((_, at) => at !== status && at !== message),
          },
        ]
      : [],
  )
  return { file, rows: rows.slice(0, MOST_SHOWN) }
}
