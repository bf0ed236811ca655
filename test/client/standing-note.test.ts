import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createStandingNote } from '../../src/cli/standing-note.ts'
import type { Snapshot } from '../../src/client/delivery.ts'

function look(word: string, progress: number | null, standing: Snapshot['standing'] = 'waiting') {
  return { standing, word, progress, message: null, files: [] }
}

describe('createStandingNote()', () => {
  it('says at once what is new, and how far it is every ten seconds', () => {
    const lines: string[] = []
    let time = 0
    const note = createStandingNote(
      (line) => lines.push(line),
      () => time,
    )
    note(look('pending', null))
    for (; time < 25_000; time += 1000) note(look('running', time / 100_000))
    note(look('paused', 0.25))
    time += 60_000
    note(look('paused', 0.25))
    note(look('done', 1, 'done'))
    assert.deepEqual(lines, [
      'pending',
      'running 0 %',
      'running 10 %',
      'running 20 %',
      'paused 25 %',
    ])
  })

  it('lets no server steer the terminal', () => {
    const lines: string[] = []
    createStandingNote((line) => lines.push(line))({ ...look('a\u001b[2J', null), message: 'b\nc' })
    assert.deepEqual(lines, ['a?[2J: b?c'])
  })
})
