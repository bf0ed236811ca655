import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ProducerConfig } from '../../src/define-config.ts'
import { type LoadedConfig, loadConfigFile, readConfig } from '../../src/load-config.ts'
import type { Producer } from '../../src/workers/producer.ts'
import { temporaryFolder } from './temporary-folder.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Loads a config file with this text. */
export async function loadText(
  t: Pick<TestContext, 'after'>,
  text: string,
  options: { name?: string; environment?: Environment } = {},
): Promise<LoadedConfig> {
  const path = join(await temporaryFolder(t), options.name ?? 'claimcheck.config.ts')
  await writeFile(path, text)
  return loadConfigFile(path, options.environment ?? {})
}

/** The producer that a config file in `folder` with this one type would have. */
export async function makeProducer(
  producer: ProducerConfig,
  options: { folder: string; info?: object; environment?: Environment },
): Promise<Producer> {
  const example = options.info === undefined ? { producer } : { producer, info: options.info }
  const loaded = await readConfig(
    { downloadTypes: { example } },
    {
      file: 'claimcheck.config.ts',
      folder: options.folder,
      environment: options.environment ?? process.env,
    },
  )
  const made = loaded.producers.get('example')
  if (made === undefined) throw new Error('The type has no producer.')
  return made
}
