// Builds the portal when a clone is set up or the package is made. Without the development
// dependencies there is nothing to build it with; the server says so on its first page.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

if (existsSync(fileURLToPath(new URL('../node_modules/vite/package.json', import.meta.url)))) {
  const { build } = await import('vite')
  await build({ root: fileURLToPath(new URL('.', import.meta.url)), logLevel: 'warn' })
}
