import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'

describe('the portal in French', () => {
  let world: PortalWorld
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startPortalWorld(cleanup)
  })

  /** What the server said is in French, and in its own words where one asks for them. */
  async function assertSaid(page: Page, french: RegExp, english: RegExp): Promise<void> {
    const notice = page.getByRole('alert')
    await notice.getByText(french).waitFor()
    const own = notice.locator('[lang=en]')
    assert.equal(await own.isVisible(), false)
    await notice.getByText('Message du serveur').click()
    await own.getByText(english).waitFor()
    await assertAccessible(page)
  }

  it('says why a sign-in was refused', async (t) => {
    const page = await world.openPage(t, { locale: 'fr-FR' })
    await page.goto('/')
    await page.locator('[autocomplete=username]').fill('ada')
    await page.locator('[autocomplete=current-password]').fill('wrong')
    await page.keyboard.press('Enter')
    await assertSaid(
      page,
      /^L’identifiant ou le mot de passe est incorrect\.$/,
      /^The user name or the password is wrong\.$/,
    )
  })

  it('fills in what a sentence of the server speaks of', async (t) => {
    const page = await world.signIn(t, { locale: 'fr-FR', account: world.admin })
    await page.goto('/admin/accounts')
    await page.getByRole('button', { name: 'Créer un compte' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Identifiant').fill('ada')
    await dialog.getByRole('button', { name: 'Créer un compte' }).click()
    await assertSaid(page, /^L’identifiant « ada » est déjà pris\.$/, /"ada" is taken/)
  })

  it('says at a field what is wrong with it', async (t) => {
    const page = await world.signIn(t, { locale: 'fr-FR' })
    await page.goto('/ask/greeting')
    const name = page.getByLabel('Name')
    // The browser's own check of the pattern is not what is tried here.
    await name.evaluate((field) => field.removeAttribute('pattern'))
    await name.fill('ada')
    await page.getByRole('button', { name: 'Demander' }).click()
    await page.locator('.field-error').getByText('doit correspondre au modèle ^[A-Z].*').waitFor()
    await assertSaid(page, /^info\.name doit correspondre/, /^info\.name must match pattern/)
  })

  it('says why work has failed, and what happened, in the audit trail too', async (t) => {
    const page = await world.signIn(t, { locale: 'fr-FR', account: world.admin })
    await page.goto('/ask/failing')
    await page.getByRole('button', { name: 'Demander' }).click()
    await page.locator('[data-state=failed]').first().waitFor()
    await page.getByText(/^Le traitement a échoué ; l’exploitant en trouve la raison/).waitFor()
    await page.goto('/admin/jobs')
    await page
      .getByText(/^Téléchargement #\d+$/)
      .first()
      .waitFor()
    await page.goto('/admin/audit')
    const row = page.getByRole('article').filter({ hasText: 'delivery.failed' }).first()
    await row.getByText('Échoué', { exact: true }).waitFor()
  })

  it('keeps the words of others as they are', async (t) => {
    const page = await world.signIn(t, { locale: 'fr-FR' })
    await page.goto('/ask/slow')
    await page.getByRole('button', { name: 'Demander' }).click()
    await page.getByText('Half-way', { exact: true }).waitFor()
    world.release()
    await page.locator('[data-state=done]').first().waitFor()
  })
})
