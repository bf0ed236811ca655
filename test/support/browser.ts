import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Browser, chromium } from 'playwright-core'

/**
 * Starts the browser that a package brings, unpacked into a folder of its own with the libraries and
 * fonts that it needs, so that the machine has to have nothing of it. It ends with the test, and so
 * does its folder.
 */
export async function startBrowser(t: Pick<TestContext, 'after'>): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-browser-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const executablePath = await unpack(folder)
  await writeFile(join(folder, 'fonts', 'fonts.conf'), fontSettings(folder))
  const libraries = join(folder, 'al2023', 'lib')
  const browser = await chromium.launch({
    executablePath,
    downloadsPath: join(folder, 'downloads'),
    env: {
      HOME: folder,
      TMPDIR: folder,
      PATH: process.env.PATH ?? '',
      LD_LIBRARY_PATH: libraries,
      FONTCONFIG_PATH: join(folder, 'fonts'),
    },
    args: [
      '--no-sandbox',
      '--no-zygote',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  })
  t.after(() => browser.close())
  return browser
}

/** Its own settings look for the fonts in a fixed folder, and without any font it ends at the first button. */
function fontSettings(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`
}

/** Unpacks the browser and what it needs; returns where its program is. */
async function unpack(folder: string): Promise<string> {
  const packed = join(
    dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')),
    '..',
    'bin',
  )
  const before = process.env.TMPDIR
  // The package unpacks into the folder for temporary files, wherever that is.
  process.env.TMPDIR = folder
  try {
    const { inflate } = await import('@sparticuz/chromium')
    const names = (await readdir(packed)).filter((name) => !name.startsWith('swiftshader'))
    await Promise.all(names.map((name) => inflate(join(packed, name))))
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
  return join(folder, 'chromium')
}
