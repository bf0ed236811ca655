import { PageFrame } from '../parts/page.tsx'
import { PageLink } from '../router.tsx'
import { t } from '../texts.ts'

export function NotFoundPage() {
  return (
    <PageFrame title={t('not_found_title')}>
      <p>{t('not_found_lead')}</p>
      <p>
        <PageLink to="/pick-up">{t('nav_pick_up')}</PageLink>
      </p>
    </PageFrame>
  )
}
