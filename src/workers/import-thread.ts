import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ImportAnswer, ImportCalls, ImportMessage, ImportTask } from './import-task.ts'
import { readRosterFile } from './read-roster-file.ts'

/** The program of the thread in which a roster file is read, checked and answered. */
async function main(port: MessagePort, task: ImportTask): Promise<void> {
  const tell = (message: ImportMessage) => port.postMessage(message)
  tell({ call: 'end', report: await readRosterFile(task, callsOver(port)) })
}

function callsOver(port: MessagePort): ImportCalls {
  const waiting = new Map<number, (value: unknown) => void>()
  let lastId = 0
  port.on('message', ({ id, value }: ImportAnswer) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  const call = (name: keyof ImportCalls, argument: unknown) =>
    new Promise((resolve) => {
      lastId += 1
      waiting.set(lastId, resolve)
      port.postMessage({ call: name, id: lastId, argument })
    })
  return {
    read: () => call('read', undefined) as ReturnType<ImportCalls['read']>,
    apply: (work) => call('apply', work) as ReturnType<ImportCalls['apply']>,
    write: (bytes) => call('write', bytes) as ReturnType<ImportCalls['write']>,
  }
}

// A thread's program has no other user: importing it is running it.
if (parentPort !== null) {
  const port = parentPort
  await main(port, workerData as ImportTask)
  port.close()
}
