import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createOrganization } from '../../src/core/accounts/organizations.ts'
import { publish } from '../support/products.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

describe('publishProduct()', () => {
  it('takes no file name that a client could follow out of its folder', async (t) => {
    const core = await openTestCore(t)
    await createOrganization(core, 'system', { code: 'acme' })
    for (const name of [
      '.',
      '..',
      '../a',
      'a/b',
      'a\\b',
      'C:\\a',
      'a\0',
      'a\nb',
      'x'.repeat(256),
    ]) {
      await refusal('invalid', publish(core, { id: 'p', files: { [name]: 'a' } }))
    }
    const { product_id } = await publish(core, { id: 'p', files: { '..a': 'a', '...': 'b' } })
    assert.equal(product_id, 'p')
  })
})
