import { useState } from 'preact/hooks'
import { ApiError, post } from '../api.ts'
import { Empty, ErrorNotice } from '../parts/notice.tsx'
import { BackLink, PageFrame } from '../parts/page.tsx'
import { Skeleton } from '../parts/rows.tsx'
import { type Draft, readDraft, SchemaFields } from '../parts/schema-form.tsx'
import { useAction } from '../parts/use-action.ts'
import { navigate, PageLink } from '../router.tsx'
import { t } from '../texts.ts'
import { useThing } from '../use-list.ts'
import type { Delivery, DownloadType } from '../wire.ts'

interface Types {
  items: DownloadType[]
}

/** What may be asked for. */
export function AskPage() {
  const { thing, error, reload } = useThing<Types>('/download-types')
  return (
    <PageFrame title={t('nav_ask')} lead={t('ask_lead')}>
      <ErrorNotice error={error} onRetry={reload} />
      {thing === null && error === null && <Skeleton rows={4} />}
      {thing?.items.length === 0 && (
        <Empty title={t('ask_empty')}>
          <p>{t('ask_empty_lead')}</p>
        </Empty>
      )}
      <ul class="cards">
        {thing?.items.map(({ name, title, description }) => (
          <li key={name}>
            <PageLink to={`/ask/${encodeURIComponent(name)}`} class="card">
              <strong>{title || name}</strong>
              <span class="quiet">{description}</span>
            </PageLink>
          </li>
        ))}
      </ul>
    </PageFrame>
  )
}

/** The form of one type, and the button that asks. */
export function AskTypePage({ name }: { name: string }) {
  const { thing, error, reload } = useThing<Types>('/download-types')
  const type = thing?.items.find((one) => one.name === name)
  if (thing !== null && type === undefined) {
    return (
      <PageFrame title={name}>
        <p>{t('ask_unknown')}</p>
        <PageLink to="/ask">{t('nav_ask')}</PageLink>
      </PageFrame>
    )
  }
  return (
    <PageFrame title={type?.title || name} lead={type?.description}>
      <BackLink to="/ask" text={t('nav_ask')} />
      <ErrorNotice error={error} onRetry={reload} />
      {type === undefined ? error === null && <Skeleton rows={2} /> : <AskForm type={type} />}
    </PageFrame>
  )
}

function AskForm({ type }: { type: DownloadType }) {
  const schema = type.infoSchema
  const [draft, setDraft] = useState<Draft>({})
  const [json, setJson] = useState('')
  const action = useAction()
  const submit = async () => {
    const info = readInfo()
    const delivery = await post<Delivery>('/deliveries', {
      type: type.name,
      ...(info === undefined ? {} : { info }),
    })
    navigate(`/deliveries/${delivery.id}`)
  }
  const readInfo = (): unknown => {
    try {
      if (schema !== null) return readDraft(schema, draft)
      return json.trim() === '' ? undefined : JSON.parse(json)
    } catch {
      throw new ApiError(0, { code: 'not_json' })
    }
  }
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault()
        action.run(submit)
      }}
    >
      {schema === null ? (
        <details>
          <summary>{t('ask_parameters')}</summary>
          <div class="field">
            <label for="info">{t('ask_parameters_json')}</label>
            <textarea
              id="info"
              rows={4}
              spellcheck={false}
              value={json}
              onInput={(event) => setJson(event.currentTarget.value)}
            />
          </div>
        </details>
      ) : (
        <SchemaFields
          schema={schema}
          draft={draft}
          errors={action.error?.errors ?? []}
          onChange={setDraft}
        />
      )}
      <ErrorNotice error={action.error} />
      <button type="submit" class="primary" disabled={action.isBusy}>
        {t('ask_now')}
      </button>
    </form>
  )
}
