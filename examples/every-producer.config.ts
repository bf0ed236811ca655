import { command, defineConfig, module, query, worker } from 'claimcheck/config'

/**
 * Each kind of producer once; take what you need into your `claimcheck.config.ts`. A type is asked
 * for by its name, and needs the permission `download:<name>` unless it names another.
 */
export default defineConfig({
  downloadTypes: {
    communes: {
      title: 'Communes of a département',
      description: 'Code, name and population, one line a commune.',
      retention: '30 days',
      info: {
        type: 'object',
        properties: {
          departement: { type: 'string', pattern: '^[0-9AB]{2,3}$' },
          least: { type: 'integer', minimum: 0 },
        },
        required: ['departement'],
        additionalProperties: false,
      },
      producer: query<{ departement: string }>({
        source: 'sqlite:geo.sqlite',
        sql: `
          select code, nom as name, population
          from communes
          where departement = :departement
            and (:least is null or population >= :least)
          order by code`,
        optional: ['least'],
        file: {
          name: (info) => `communes-${info.departement}.xlsx`,
          format: 'xlsx',
          sheet: 'Communes',
        },
      }),
    },

    calendar: {
      title: "This year's calendar",
      permission: 'download:public',
      producer: command({
        command: 'cal',
        args: ['-y'],
        file: { name: 'calendar.txt', mediaType: 'text/plain; charset=utf-8' },
        timeout: '1 minute',
      }),
    },

    greetings: {
      title: 'A greeting in two languages',
      producer: module({
        async produce({ account, progress, file }) {
          file('hello.txt', 'text/plain; charset=utf-8').end(`Hello ${account.username}\n`)
          progress(0.5, 'one of two')
          file('bonjour.txt', 'text/plain; charset=utf-8').end(`Bonjour ${account.username}\n`)
        },
      }),
    },

    scans: {
      title: 'Scanned by a program of yours, on a machine of yours',
      retention: '1 week',
      maxAttempts: 5,
      producer: worker(),
    },
  },
})
