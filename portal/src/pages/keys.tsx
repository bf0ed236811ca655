import { Credentials } from '../parts/credentials.tsx'
import { PageFrame } from '../parts/page.tsx'
import { t } from '../texts.ts'
import type { Me } from '../wire.ts'

/** One's own tokens, key pairs and password. */
export function KeysPage({ me }: { me: Me }) {
  return (
    <PageFrame title={t('nav_keys')} lead={t('keys_lead')}>
      <Credentials path="/me/credentials" username={me.username} />
    </PageFrame>
  )
}
