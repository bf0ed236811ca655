import { createWriteStream } from 'node:fs'
import { makeProducer } from './config-file.ts'
import { createContext } from './producer-context.ts'

/**
 * A process that runs one producer, for tests that kill it: `run-producer.ts <folder> <producer as
 * JSON>`. The file goes to `output` in the folder.
 */
const [folder = '', producer = ''] = process.argv.slice(2)
const produce = await makeProducer(JSON.parse(producer), { folder })
const { context } = createContext()
await produce({ ...context, file: (name) => createWriteStream(`${folder}/${name}`) })
