import BetterSqlite3 from 'better-sqlite3'

/** Lets somebody follow a long copy, and end it. */
export interface CopyWatch {
  readonly signal: AbortSignal
  /** `done` of `total`, in units of the copier's own. */
  onProgress(done: number, total: number): void
}

/** Pages in one step, so that a signal is heard soon: 4 MB. */
const STEP = 1000

/**
 * Copies a database file as it is at one moment, while others read and write it. The open read
 * transaction holds on to that moment: without it, a write of another process would begin the copy
 * anew (https://sqlite.org/c3ref/backup_finish.html), and on a busy server it would never end.
 * @throws Error of SQLite, or the signal's reason
 */
export async function copySqlite(from: string, to: string, watch: CopyWatch): Promise<void> {
  const connection = new BetterSqlite3(from, { readonly: true, fileMustExist: true })
  try {
    connection.pragma('busy_timeout = 5000')
    connection.exec('begin')
    // A transaction begins with its first read.
    connection.prepare('select count(*) from sqlite_master').get()
    await connection.backup(to, {
      progress({ totalPages, remainingPages }) {
        watch.signal.throwIfAborted()
        watch.onProgress(totalPages - remainingPages, totalPages)
        return STEP
      },
    })
    connection.exec('commit')
  } finally {
    connection.close()
  }
}
