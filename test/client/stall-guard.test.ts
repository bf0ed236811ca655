import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Setback } from '../../src/client/files/setback.ts'
import { createStallGuard } from '../../src/client/files/stall-guard.ts'

describe('createStallGuard()', () => {
  it('strikes when nothing comes, and not while we wait for something ourselves', async (t) => {
    const guard = createStallGuard(20)
    t.after(() => guard.end())
    const struck = new Promise((resolve) => {
      guard.signal.addEventListener('abort', resolve)
    })
    // Several times as long as it has patience with others.
    await guard.pauseFor(setTimeout(100))
    assert.equal(guard.signal.aborted, false)
    await assert.rejects(guard.pauseFor(Promise.reject(new Error('full'))), /full/)
    await struck
    assert.ok(guard.signal.reason instanceof Setback)
  })
})
