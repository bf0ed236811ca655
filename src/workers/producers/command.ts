import type { FileName } from '../../define-config.ts'
import { siblingModule } from '../../sibling-module.ts'
import type { Producer, ProducerContext } from '../producer.ts'
import { nameFile } from './file-name.ts'
import type { GuardianReport, GuardianTask } from './guardian-task.ts'
import { type Helper, runHelper } from './helper-process.ts'
import { createOutput, type Output } from './output.ts'
import { withDeadline } from './with-deadline.ts'

/** A `command` of the config file, checked. */
export interface CommandJob {
  /** A program on the PATH, or an absolute path. */
  readonly command: string
  readonly args: readonly string[]
  /** Where it runs; absolute. */
  readonly folder: string
  readonly fileName: FileName
  readonly mediaType: string
  /** All that it gets, beside what describes the request. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutSeconds: number | null
  readonly graceSeconds: number
}

/**
 * Makes a file of what a program writes to its standard output. A guardian process stands between:
 * it ends every process of the program's group on cancel, and also when the server is killed.
 */
export function createCommandProducer(job: CommandJob): Producer {
  return (context) =>
    withDeadline(context.signal, job.timeoutSeconds, (signal) => run(job, { ...context, signal }))
}

async function run(job: CommandJob, context: ProducerContext): Promise<void> {
  const fileName = nameFile(job.fileName, context.info)
  context.signal.throwIfAborted()
  const output = createOutput(context.file(fileName, job.mediaType))
  let group: number | null = null
  let last: GuardianReport | null = null
  const onMessage = (message: unknown) => {
    last = message as GuardianReport
    if (last.kind === 'started') group = last.group
  }
  try {
    const complaints = await runHelper(
      describeHelper(job, context, { onMessage, output }),
      context.signal,
    )
    requireSuccess(job.command, last, complaints)
    await output.finish()
  } catch (cause) {
    // Only when the guardian was killed itself is there something left to end.
    if (group !== null) killGroup(group)
    const reason = context.signal.aborted ? context.signal.reason : cause
    output.abandon(reason)
    throw reason
  }
}

interface Ends {
  readonly output: Output
  onMessage(message: unknown): void
}

function describeHelper(job: CommandJob, context: ProducerContext, ends: Ends): Helper {
  return {
    module: siblingModule(import.meta.url, 'guardian'),
    environment: {},
    task: describeTask(job, context),
    patienceMilliseconds: job.graceSeconds * 1000 + 5000,
    onMessage: ends.onMessage,
    onOutput: ends.output.write,
  }
}

function requireSuccess(command: string, last: GuardianReport | null, complaints: string): void {
  const said = complaints === '' ? '' : ` It said: ${complaints}`
  if (last?.kind === 'ended' && last.code === 0) return
  if (last?.kind === 'unstarted') throw new Error(`The command ${command} ${last.sentence}`)
  const how =
    last?.kind !== 'ended'
      ? 'lost its guardian process and was ended.'
      : last.code === null
        ? `was ended by the signal ${last.signal}.`
        : `failed with exit code ${last.code}.`
  throw new Error(`The command ${command} ${how}${said}`)
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}

/** Longer texts do not fit in one variable on Linux (128 KiB, MAX_ARG_STRLEN). */
const longestVariable = 100_000

function describeTask(job: CommandJob, context: ProducerContext): GuardianTask {
  const info = JSON.stringify(context.info ?? null)
  return {
    command: job.command,
    args: job.args,
    folder: job.folder,
    input: `${info}\n`,
    environment: {
      ...job.environment,
      CLAIMCHECK_DOWNLOAD_TYPE: context.type,
      CLAIMCHECK_ACCOUNT: context.account.username,
      CLAIMCHECK_ACCOUNT_ID: context.account.id,
      CLAIMCHECK_ORGANIZATION_ID: context.account.organizationId,
      ...(Buffer.byteLength(info) > longestVariable ? {} : { CLAIMCHECK_INFO: info }),
    },
    graceMilliseconds: job.graceSeconds * 1000,
  }
}
