import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createProgressBars } from '../../src/cli/progress-bars.ts'
import type { Snapshot } from '../../src/client/delivery.ts'
import type { GetEvent } from '../../src/client/files/get-event.ts'
import type { RemoteFile } from '../../src/client/remote-file.ts'

const mebibyte = 1024 * 1024

function look(sizes: readonly (number | null)[], progress: number | null = null): GetEvent {
  const files = sizes.map((size) => ({ size }) as RemoteFile)
  const snapshot: Snapshot = {
    standing: 'waiting',
    word: 'running',
    progress,
    message: null,
    files,
  }
  return { type: 'look', snapshot }
}

function setUp(isPlain = true) {
  let time = 0
  const bars = createProgressBars({ isPlain, now: () => time })
  return {
    bars,
    wide: () => bars.lines({ columns: 100, rows: 24 }),
    pass: (ms: number) => {
      time += ms
    },
  }
}

describe('progress bars', () => {
  it('show each file, and all of them with rate and time left', () => {
    const { bars, wide, pass } = setUp()
    bars.note(look([10 * mebibyte, 30 * mebibyte], 0.25))
    bars.note({ type: 'start', path: 'a.bin', size: 10 * mebibyte })
    pass(1000)
    bars.note({ type: 'progress', path: 'a.bin', bytes: 5 * mebibyte, size: 10 * mebibyte })
    assert.deepEqual(wide(), [
      `${'a.bin'.padEnd(40)} ##########..........  50 % of 10 MiB`,
      '0 of 2 files, 5.0 MiB of 40 MiB, 5.0 MiB/s, 0:07 left · running 25 %',
    ])
    const file = { size: 10 * mebibyte, sha256: '', source: '', etag: null }
    bars.note({ type: 'done', path: 'a.bin', file, kept: false })
    assert.match(wide().join(), /^1 of 2 files, 10 MiB of 40 MiB/)
  })

  it('leave out of the time what was here already, and what is not wanted', () => {
    const { bars, wide, pass } = setUp()
    bars.note(look([100, 50, 200]))
    const file = { size: 100, sha256: '', source: '', etag: null }
    bars.note({ type: 'done', path: 'a', file, kept: true })
    pass(1000)
    assert.match(wide().join(), /^1 of 3 files, 0 B of 250 B, 0 B\/s · /)
    bars.note({ type: 'skipped', path: 'b' })
    assert.match(wide().join(), /^1 of 2 files, 0 B, 0 B\/s · /)
  })

  it('tell the rate of the last seconds, not since the beginning', () => {
    const { bars, wide, pass } = setUp()
    bars.note(look([null]))
    for (let second = 1; second <= 20; second += 1) {
      pass(1000)
      const bytes = Math.min(second, 10) * mebibyte
      bars.note({ type: 'progress', path: 'a', bytes, size: null })
      wide()
    }
    assert.match(wide().at(-1) ?? '', /^0 of 1 file, 10 MiB, 0 B\/s/)
  })

  it('are never wider than the terminal, nor higher', () => {
    const { bars } = setUp(false)
    const names = [
      '日本語の名前'.repeat(20),
      'e\u0301'.repeat(90),
      '📦'.repeat(50),
      '\u001b[2Jx',
      'plain',
    ]
    for (const path of names) bars.note({ type: 'progress', path, bytes: 5, size: 10 })
    for (const columns of [10, 20, 40, 59, 60, 80, 200]) {
      const lines = bars.lines({ columns, rows: 6 })
      assert.ok(lines.length <= 5, `${lines.length} lines`)
      for (const line of lines) {
        const width = [...line].reduce(
          (sum, one) => sum + (/\p{M}/u.test(one) ? 0 : /[\u3000-\u9fff]|📦/u.test(one) ? 2 : 1),
          0,
        )
        assert.ok(width < columns, `${width} of ${columns}: ${line}`)
        assert.doesNotMatch(line, /\p{Cc}/u)
      }
    }
  })
})
