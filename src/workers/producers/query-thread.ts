import { parentPort, workerData } from 'node:worker_threads'
import { runSqliteQuery } from './query-sqlite.ts'
import type { QueryReport, QueryTask } from './query-task.ts'

/** The program of the thread in which SQLite works. */
runSqliteQuery(workerData as QueryTask, (report: QueryReport) => parentPort?.postMessage(report))
