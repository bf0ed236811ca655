import type { ComponentChildren } from 'preact'
import { ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Skeleton } from '../../parts/rows.tsx'
import { t } from '../../texts.ts'
import { useThing } from '../../use-list.ts'
import type { Setting } from '../../wire.ts'

/** The settings in force, secrets hidden. */
export function SettingsPage() {
  const { thing, error, reload } = useThing<{ items: Setting[] }>('/settings')
  return (
    <PageFrame title={t('nav_settings')} lead={t('settings_lead')}>
      <ErrorNotice error={error} onRetry={reload} />
      {thing === null && error === null && <Skeleton rows={6} />}
      {thing !== null && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <section class="table" tabIndex={0} aria-label={t('nav_settings')}>
          <table class="stacked">
            <thead>
              <tr>
                <th scope="col">{t('name')}</th>
                <th scope="col">{t('value')}</th>
                <th scope="col">{t('meaning')}</th>
              </tr>
            </thead>
            <tbody>
              {thing.items.map(({ name, value, description }) => (
                <tr key={name}>
                  <td>
                    <code>{breakable(name)}</code>
                  </td>
                  <td>
                    <code>{value ?? '–'}</code>
                  </td>
                  <td class="quiet">{description}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </PageFrame>
  )
}

/** A line may end after each of its words. */
function breakable(name: string): ComponentChildren {
  return name.split(/(?<=_)/).map((word) => (
    <>
      {word}
      <wbr />
    </>
  ))
}
