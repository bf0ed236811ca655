import { existsSync, statSync } from 'node:fs'
import { reportSettings, type Settings } from '../config.ts'
import { type Finding, findingsOf, sentenceOf } from '../upkeep/doctor/finding.ts'
import { defineCommand } from './command.ts'
import { formatTable } from './format-table.ts'
import { interruptible } from './interruptible.ts'
import {
  type LocalValues,
  localConfig,
  localEnvironment,
  localOptions,
  localSettings,
} from './local.ts'
import { print } from './print.ts'

export const doctor = defineCommand({
  description:
    'Looks at a deployment from this node and prints a line for each check: ok, warn or FAIL, what it saw, and what to do. It changes nothing, but for an object that it puts into the store and takes out again. The exit code is 1 when a check fails; warnings leave it 0.',
  arguments: [],
  options: {
    quick: { type: 'boolean', description: 'Leave out what looks through the whole store.' },
    ...localOptions,
  },
  examples: [
    { command: 'claimcheck doctor', description: 'Is everything as it should be?' },
    { command: 'claimcheck doctor --quick --json', description: 'The same for a monitor.' },
  ],
  async run({ values }) {
    const findings = await interruptible((signal) => examineAll(values, signal))
    const failed = findings.filter(({ verdict }) => verdict === 'fail').length
    print(values.json, { ok: failed === 0, findings }, formatTable(findings.map(rowOf)))
    if (failed > 0)
      throw new Error(`${failed} ${failed === 1 ? 'check has' : 'checks have'} failed.`)
  },
})

interface DoctorValues extends LocalValues {
  readonly quick?: boolean
}

async function examineAll(values: DoctorValues, signal: AbortSignal): Promise<Finding[]> {
  const settings = readOrTell(values)
  if ('verdict' in settings) return [settings]
  const { examine } = await import('../upkeep/doctor/examine.ts')
  const findings = [
    findingsOf('settings').ok(`${countSet(values)} are set.`),
    ...checkFile(values.settings ?? 'claimcheck.env'),
  ]
  const examination = {
    ...{ settings, signal, quick: values.quick === true },
    loadConfig: () => localConfig(settings, values),
  }
  for await (const finding of examine(examination)) findings.push(finding)
  return findings
}

function readOrTell(values: LocalValues): Settings | Finding {
  try {
    return localSettings(values)
  } catch (error) {
    return findingsOf('settings').fail(sentenceOf(error), 'docs/settings.md lists them all.')
  }
}

function countSet(values: LocalValues): number {
  return reportSettings(localEnvironment(values)).filter(({ isSet }) => isSet).length
}

function checkFile(path: string): Finding[] {
  if (!existsSync(path)) return []
  const { ok, warn } = findingsOf('settings-file')
  const others = statSync(path).mode & 0o077
  if (others === 0) return [ok(`Only its owner may read ${path}.`)]
  return [warn(`Others may read ${path}, which holds the keys.`, `Run: chmod 600 ${path}`)]
}

function rowOf({ check, verdict, seen, todo }: Finding): string[] {
  return [verdict === 'fail' ? 'FAIL' : verdict, check, todo === null ? seen : `${seen} ${todo}`]
}
