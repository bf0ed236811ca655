import { defineConfig, module } from '../src/define-config.ts'

export default defineConfig({
  downloadTypes: {
    nothing: {
      producer: module({ produce: async ({ file }) => void file('empty', 'text/plain').end() }),
    },
  },
})
