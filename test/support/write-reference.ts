import { writeFileSync } from 'node:fs'
import { commandReference, settingsReference } from './reference.ts'

// `npm run docs`
writeFileSync('docs/settings.md', settingsReference())
writeFileSync('docs/command-line.md', await commandReference())
