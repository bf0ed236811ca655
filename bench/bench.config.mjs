import { defineConfig, module, query } from 'claimcheck/config'

export default defineConfig({
  downloadTypes: {
    nothing: {
      producer: module({ produce: ({ file }) => void file('empty', 'text/plain').end() }),
    },
    rows: {
      producer: query({
        source: 'sqlite:rows.sqlite',
        sql: 'select number, name, code, place, amount from entries order by number',
        file: { name: 'rows.csv', format: 'csv' },
      }),
    },
  },
})
