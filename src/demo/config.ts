import { setTimeout as wait } from 'node:timers/promises'
import { command, defineConfig, module, query, worker } from '../define-config.ts'

/** The demo's download types: each kind of producer once. */
export function demoConfig(source: string) {
  const departement = {
    type: 'object',
    properties: {
      departement: {
        type: 'string',
        pattern: '^[0-9AB]{2,3}$',
        description: 'The code of a département: 75, 2A, 974.',
      },
    },
    required: ['departement'],
    additionalProperties: false,
  }
  return defineConfig({
    downloadTypes: {
      communes: {
        title: 'Communes of France',
        description: 'Every commune with its département, postal codes and population, as CSV.',
        producer: query({
          source: `sqlite:${source}`,
          sql: 'select code, name, departement, region, postal_codes, population from communes order by code',
          file: { name: 'communes.csv', format: 'csv' },
        }),
      },
      departements: {
        title: 'Départements of France',
        description: 'Every département with its region, as an Excel sheet.',
        producer: query({
          source: `sqlite:${source}`,
          sql: 'select code, name, region, capital from departements order by code',
          file: { name: 'departements.xlsx', format: 'xlsx' },
        }),
      },
      'communes-of-departement': {
        title: 'Communes of one département',
        description: 'The communes of the département that you name, as NDJSON.',
        info: departement,
        producer: query({
          source: `sqlite:${source}`,
          sql: 'select code, name, postal_codes, population from communes where departement = :departement order by code',
          file: { name: 'communes.ndjson', format: 'ndjson' },
        }),
      },
      environment: {
        title: 'What a command sees',
        description: 'The output of a program: the environment it was given.',
        producer: command({
          command: 'env',
          args: [],
          file: { name: 'environment.txt', mediaType: 'text/plain' },
        }),
      },
      countdown: {
        title: 'A slow one',
        description: 'Takes as many seconds as you say, with progress; good for trying cancel.',
        info: {
          type: 'object',
          properties: { seconds: { type: 'integer', minimum: 1, maximum: 3600 } },
          required: ['seconds'],
          additionalProperties: false,
        },
        producer: module({
          async produce({ info, signal, progress, file }) {
            const { seconds } = info as { seconds: number }
            const text = file('countdown.txt', 'text/plain')
            for (let left = seconds; left > 0; left -= 1) {
              progress((seconds - left) / seconds, `${left} s to go`)
              text.write(`${left}\n`)
              await wait(1000, undefined, { signal })
            }
            text.end('Lift-off\n')
          },
        }),
      },
      'by-hand': {
        title: 'Made outside',
        description: 'Waits for a program outside of the server to claim it and put its file.',
        producer: worker(),
      },
    },
  })
}
