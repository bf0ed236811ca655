import { defineConfig, module } from 'claimcheck/config'

/** What customers may ask for. The server reads this file when it starts. */
export default defineConfig({
  downloadTypes: {
    greeting: {
      title: 'A greeting',
      description: 'One line of text for whoever asks: change it into something of yours.',
      permission: 'download:greeting',
      retention: '7 days',
      producer: module({
        async produce({ account, progress, file }) {
          const greeting = file('greeting.txt', 'text/plain; charset=utf-8')
          greeting.end(`Good day, ${account.username}!\n`)
          progress(1)
        },
      }),
    },
  },
})
