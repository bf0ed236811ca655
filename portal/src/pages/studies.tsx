import { useEffect, useId, useState } from 'preact/hooks'
import { post } from '../api.ts'
import { formatNumber, formatSize, formatTime } from '../format.ts'
import { useNews } from '../live.ts'
import { CopyField, copyText } from '../parts/copy-field.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { ListButton } from '../parts/list-dialog.tsx'
import { Empty, ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows } from '../parts/rows.tsx'
import { useAction } from '../parts/use-action.ts'
import { navigate } from '../router.tsx'
import { t, tn } from '../texts.ts'
import { useList } from '../use-list.ts'
import type { StudyDelivery, StudyFile } from '../wire.ts'

/** Published files: organization, study, delivery, file; searched, chosen, taken as one. */
export function StudiesPage({ query }: { query: URLSearchParams }) {
  const deliveries = useList<StudyDelivery>('/studies')
  const [study = '', delivery = ''] = [query.get('study') ?? '', query.get('delivery') ?? '']
  const [search, setSearch] = useState(query.get('search') ?? '')
  const wanted = useLater(search)
  const list = useList<StudyFile>(`/study-files?${toQuery({ study, delivery, search: wanted })}`)
  const [chosen, setChosen] = useState<Map<number, StudyFile>>(new Map())
  const [shown, setShown] = useState<StudyFile | null>(null)
  useNews((news) => {
    if (news.kind === 'event' && news.event.action.startsWith('study')) list.reload()
  })
  // What is asked for may be rare: the search goes on until there is something to show.
  useEffect(() => {
    if (list.items.length < 20 && list.hasMore) list.more()
  }, [list.items.length, list.hasMore, list])

  const go = (next: { study: string; delivery: string }) =>
    navigate(`/studies?${toQuery({ ...next, search })}`, { replace: true })
  const toggle = (file: StudyFile) => {
    const next = new Map(chosen)
    if (!next.delete(file.number)) next.set(file.number, file)
    setChosen(next)
  }
  const organization = deliveries.items[0]?.organization
  return (
    <PageFrame
      title={t('nav_studies')}
      lead={organization === undefined ? t('studies_lead') : t('studies_of', { organization })}
    >
      <Filters
        deliveries={deliveries.items}
        value={{ study, delivery, search }}
        onPlace={go}
        onSearch={setSearch}
      />
      <Chosen
        chosen={chosen}
        shown={list.items}
        name={chosenName([...chosen.values()], organization ?? '')}
        onChoose={(files) => setChosen(new Map(files.map((file) => [file.number, file])))}
      />
      <Rows
        list={list}
        label={t('files_title')}
        keyOf={({ number }) => number}
        empty={
          search === '' && study === '' ? (
            <Empty title={t('studies_empty')}>
              <p>{t('studies_empty_lead')}</p>
            </Empty>
          ) : (
            <p class="quiet">{t('nothing_found')}</p>
          )
        }
        row={(file) => (
          <article class="row with-check">
            <input
              type="checkbox"
              aria-label={t('choose_name', { name: file.name })}
              checked={chosen.has(file.number)}
              onChange={() => toggle(file)}
            />
            <div class="row-main">
              <span class="row-title" title={file.name}>
                {file.name}
              </span>
              <span class="quiet row-note" title={`${file.studyName} / ${file.deliveryName}`}>
                {file.studyName} / {file.deliveryName}
              </span>
            </div>
            <div class="row-state quiet">
              <span>{formatSize(file.size ?? 0)}</span>
              <time dateTime={file.modifiedAt}>{formatTime(file.modifiedAt)}</time>
            </div>
            <div class="row-action">
              <button
                type="button"
                aria-label={t('codes_name', { name: file.name })}
                onClick={() => setShown(file)}
              >
                {t('codes')}
              </button>
              <a
                class="button primary"
                href={`/v1/files/${file.number}/content`}
                download
                aria-label={t('download_name', { name: file.name })}
              >
                {t('download')}
              </a>
            </div>
          </article>
        )}
      />
      {shown !== null && (
        <CodesDialog file={shown} deliveries={deliveries.items} onClose={() => setShown(null)} />
      )}
    </PageFrame>
  )
}

interface FiltersProps {
  deliveries: readonly StudyDelivery[]
  value: { study: string; delivery: string; search: string }
  onPlace(place: { study: string; delivery: string }): void
  onSearch(text: string): void
}

function Filters({ deliveries, value, onPlace, onSearch }: FiltersProps) {
  const id = useId()
  const studies = new Map(deliveries.map((one) => [one.study, one.studyName]))
  const inside = deliveries.filter(({ study }) => study === value.study)
  return (
    <search class="filters">
      <div class="field grow">
        <label for={`${id}-search`}>{t('search')}</label>
        <input
          id={`${id}-search`}
          type="search"
          value={value.search}
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for={`${id}-study`}>{t('study')}</label>
        <select
          id={`${id}-study`}
          value={value.study}
          onChange={(event) => onPlace({ study: event.currentTarget.value, delivery: '' })}
        >
          <option value="">{t('all')}</option>
          {[...studies].map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-delivery`}>{t('delivery')}</label>
        <select
          id={`${id}-delivery`}
          value={value.delivery}
          disabled={value.study === ''}
          onChange={(event) => onPlace({ study: value.study, delivery: event.currentTarget.value })}
        >
          <option value="">{t('all')}</option>
          {inside.map((one) => (
            <option key={one.delivery} value={one.delivery}>
              {one.deliveryName}
            </option>
          ))}
        </select>
      </div>
    </search>
  )
}

interface ChosenProps {
  chosen: ReadonlyMap<number, StudyFile>
  /** What is listed at the moment, as far as it is read. */
  shown: readonly StudyFile[]
  /** What a list of them is called. */
  name: string
  onChoose(files: readonly StudyFile[]): void
}

/** What was chosen, and what can be done with it; it stays in view while one scrolls on. */
function Chosen({ chosen, shown, name, onChoose }: ChosenProps) {
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

interface CodesProps {
  file: StudyFile
  deliveries: readonly StudyDelivery[]
  onClose(): void
}

/** What a script needs to fetch the same file: the codes, and lines that are ready to run. */
function CodesDialog({ file, deliveries, onClose }: CodesProps) {
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

/** After the study and delivery that all of them are of, else after the organization. */
function chosenName(files: readonly StudyFile[], organization: string): string {
  const places = new Set(files.map((file) => `${file.studyName} / ${file.deliveryName}`))
  const [place] = places
  return places.size === 1 && place !== undefined ? place : organization
}

function toQuery(values: Record<string, string>): string {
  const given = Object.entries(values).filter(([, value]) => value !== '')
  return new URLSearchParams(given).toString()
}

/** A value that follows another once it has been still for a moment. */
function useLater(value: string): string {
  const [later, setLater] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), 150)
    return () => clearTimeout(timer)
  }, [value])
  return later
}
