import { writeSync } from 'node:fs'
import { createRowWriter } from '../writers/create-row-writer.ts'
import type { Row } from '../writers/row-writer.ts'
import type { QueryReport, QueryTask } from './query-task.ts'

/** The file of a query while it goes out over the process's standard output. */
export interface QueryOutput {
  /** Returns when the server has room for more: the pipe holds the writer back. */
  write(rows: readonly Row[]): void
  /** The number of rows written. */
  end(): number
}

interface Counting {
  readonly total: number | null
  tell(report: QueryReport): void
}

/** Often enough to watch, seldom enough to cost nothing. */
const reportEvery = 200

/** Begins the file, and tells of its progress as it grows. */
export function createQueryOutput(
  columns: readonly string[],
  task: QueryTask,
  { total, tell }: Counting,
): QueryOutput {
  if (columns.length === 0) throw new Error('it has no columns.')
  const writer = createRowWriter(columns, task.format, task.fileName)
  let rows = 0
  let reported = 0
  return {
    write(batch) {
      writeAll(writer.write(batch))
      rows += batch.length
      if (performance.now() - reported < reportEvery) return
      reported = performance.now()
      tell({ kind: 'progress', rows, total })
    },
    end() {
      writeAll(writer.end())
      tell({ kind: 'progress', rows, total })
      return rows
    },
  }
}

const standardOutput = 1
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** Blocks while the pipe is full, as this process has nothing better to do. */
function writeAll(bytes: Uint8Array): void {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(standardOutput, bytes, at)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      Atomics.wait(sleeper, 0, 0, 5)
    }
  }
}
