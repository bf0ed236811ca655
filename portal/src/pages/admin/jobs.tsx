import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { formatDistance } from '../../format.ts'
import { useNews } from '../../live.ts'
import { Empty, ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Select } from '../../parts/select.tsx'
import { useAction } from '../../parts/use-action.ts'
import { PageLink } from '../../router.tsx'
import { inWords } from '../../sentences.ts'
import { hasText, t } from '../../texts.ts'
import { useList } from '../../use-list.ts'
import type { Job } from '../../wire.ts'

const states = ['waiting', 'running', 'done', 'dead', 'canceled'] as const

/** The work behind deliveries: what runs, what failed and why, and the button that tries again. */
export function JobsPage() {
  const [state, setState] = useState('')
  const list = useList<Job>(`/jobs?all=true${state === '' ? '' : `&state=${state}`}`)
  const action = useAction()
  useNews((news) => {
    const moves = news.kind === 'event' && news.event.action.startsWith('delivery.')
    if (moves || news.kind === 'again') list.reload()
  })
  const retry = (job: Job) =>
    action.run(async () => {
      await post(`/deliveries/${job.deliveryId}/retry`)
      list.reload()
    })
  return (
    <PageFrame title={t('nav_jobs')} lead={t('jobs_lead')}>
      <search class="filters">
        <Select
          label={t('state')}
          value={state}
          options={states.map((one) => [one, t(`job_${one}`)])}
          onChange={setState}
        />
      </search>
      <ErrorNotice error={action.error} />
      <Rows
        list={list}
        label={t('nav_jobs')}
        keyOf={({ number }) => number}
        empty={
          <Empty title={t('jobs_empty')}>
            <p>{t('jobs_empty_lead')}</p>
          </Empty>
        }
        row={(job) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title">{nameOf(job)}</span>
              <span class="quiet row-note" title={job.message ?? undefined}>
                {t('attempt', { attempt: job.attempt, most: job.maxAttempts })} ·{' '}
                {formatDistance(job.createdAt)}
                {job.message !== null && ` · ${inWords(job.message)}`}
              </span>
            </div>
            <div class="row-state">
              <span class="badge" data-job={job.state}>
                {t(`job_${job.state}`)}
              </span>
            </div>
            <div class="row-action">
              {job.deliveryId !== null && (
                <PageLink
                  to={`/deliveries/${job.deliveryId}`}
                  class="button"
                  label={t('open_name', { name: nameOf(job) })}
                >
                  {t('open')}
                </PageLink>
              )}
              {job.state === 'dead' && job.deliveryId !== null && (
                <button
                  type="button"
                  class="primary"
                  disabled={action.isBusy}
                  aria-label={t('retry_name', { name: nameOf(job) })}
                  onClick={() => retry(job)}
                >
                  {t('retry')}
                </button>
              )}
            </div>
          </article>
        )}
      />
    </PageFrame>
  )
}

function nameOf({ kind, number }: Job): string {
  const key = `work_${kind}`
  return `${hasText(key) ? t(key) : kind} #${number}`
}
