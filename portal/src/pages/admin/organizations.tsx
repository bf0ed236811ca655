import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { formatTime } from '../../format.ts'
import { announce, ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { useAction } from '../../parts/use-action.ts'
import { t } from '../../texts.ts'
import { useList } from '../../use-list.ts'
import type { Organization } from '../../wire.ts'

/** The organizations of the installation, for its operators. */
export function OrganizationsPage() {
  const list = useList<Organization>('/organizations')
  const [code, setCode] = useState('')
  const [name, setName] = useState('')
  const action = useAction()
  const make = async () => {
    await post('/organizations', { code, ...(name === '' ? {} : { name }) })
    announce(t('saved'))
    setCode('')
    setName('')
    list.reload()
  }
  return (
    <PageFrame title={t('nav_organizations')} lead={t('organizations_lead')}>
      <form
        class="panel facts inline"
        onSubmit={(event) => {
          event.preventDefault()
          action.run(make)
        }}
      >
        <div class="field">
          <label for="code">{t('code_organization')}</label>
          <input
            id="code"
            required
            value={code}
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </div>
        <div class="field grow">
          <label for="name">{t('name')}</label>
          <input id="name" value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </div>
        <button type="submit" disabled={action.isBusy}>
          {t('organization_make')}
        </button>
      </form>
      <ErrorNotice error={action.error} />
      <Rows
        list={list}
        label={t('nav_organizations')}
        keyOf={({ id }) => id}
        empty={<p class="quiet">{t('nothing_found')}</p>}
        row={(organization) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title">{organization.name || organization.code}</span>
              <span class="quiet row-note">{organization.code}</span>
            </div>
            <div class="row-state quiet">{formatTime(organization.createdAt)}</div>
          </article>
        )}
      />
    </PageFrame>
  )
}
