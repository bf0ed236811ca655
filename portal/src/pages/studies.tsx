import { useEffect, useId, useState } from 'preact/hooks'
import { formatSize, formatTime } from '../format.ts'
import { useNews } from '../live.ts'
import { ChosenFiles } from '../parts/chosen-files.tsx'
import { CodesDialog } from '../parts/codes-dialog.tsx'
import { DownloadButton } from '../parts/download-button.tsx'
import { Empty } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows } from '../parts/rows.tsx'
import { Select } from '../parts/select.tsx'
import { navigate } from '../router.tsx'
import { t } from '../texts.ts'
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
      <ChosenFiles
        chosen={chosen}
        shown={list.items}
        name={chosenName([...chosen.values()], organization ?? '')}
        onChoose={(files) => setChosen(new Map(files.map((file) => [file.number, file])))}
      />
      <Rows
        list={list}
        label={t('files_title')}
        keyOf={({ number }) => number}
        empty={search === '' && study === '' ? <NothingYet /> : <NothingFound />}
        row={(file) => (
          <StudyFileRow
            file={file}
            isChosen={chosen.has(file.number)}
            onToggle={() => toggle(file)}
            onCodes={() => setShown(file)}
          />
        )}
      />
      {shown !== null && (
        <CodesDialog file={shown} deliveries={deliveries.items} onClose={() => setShown(null)} />
      )}
    </PageFrame>
  )
}

interface StudyFileRowProps {
  file: StudyFile
  isChosen: boolean
  onToggle(): void
  onCodes(): void
}

function StudyFileRow({ file, isChosen, onToggle, onCodes }: StudyFileRowProps) {
  const place = placeOf(file)
  return (
    <article class="row with-check">
      <input
        type="checkbox"
        aria-label={t('choose_name', { name: file.name })}
        checked={isChosen}
        onChange={onToggle}
      />
      <div class="row-main">
        <span class="row-title" title={file.name}>
          {file.name}
        </span>
        <span class="quiet row-note" title={place}>
          {place}
        </span>
      </div>
      <div class="row-state quiet">
        <span>{formatSize(file.size ?? 0)}</span>
        <time dateTime={file.modifiedAt}>{formatTime(file.modifiedAt)}</time>
      </div>
      <div class="row-action">
        <button type="button" aria-label={t('codes_name', { name: file.name })} onClick={onCodes}>
          {t('codes')}
        </button>
        <DownloadButton file={file} />
      </div>
    </article>
  )
}

function NothingYet() {
  return (
    <Empty title={t('studies_empty')}>
      <p>{t('studies_empty_lead')}</p>
    </Empty>
  )
}

function NothingFound() {
  return <p class="quiet">{t('nothing_found')}</p>
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
        <label for={id}>{t('search')}</label>
        <input
          id={id}
          type="search"
          value={value.search}
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
      </div>
      <Select
        label={t('study')}
        value={value.study}
        options={[...studies]}
        onChange={(study) => onPlace({ study, delivery: '' })}
      />
      <Select
        label={t('delivery')}
        value={value.delivery}
        options={inside.map((one) => [one.delivery, one.deliveryName])}
        onChange={(delivery) => onPlace({ study: value.study, delivery })}
        disabled={value.study === ''}
      />
    </search>
  )
}

/** After the study and delivery that all of them are of, else after the organization. */
function chosenName(files: readonly StudyFile[], organization: string): string {
  const places = new Set(files.map(placeOf))
  const [place] = places
  return places.size === 1 && place !== undefined ? place : organization
}

function placeOf({ studyName, deliveryName }: StudyFile): string {
  return `${studyName} / ${deliveryName}`
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
