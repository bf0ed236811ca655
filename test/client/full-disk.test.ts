import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { childEnvironment } from '../support/child-environment.ts'
import { etagOf, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { main } from '../support/main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A file system of its own, of a few bytes, in a namespace where its maker may mount it. */
const unshare = ['unshare', '--user', '--map-root-user', '--mount'] as const
const [program, ...flags] = unshare
const mayMount =
  spawnSync(program, [...flags, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

/** What is in the folder, after a run on a full disk and after one with room, and whether it is right. */
const script = `
mount -t tmpfs -o size=$SIZE tmpfs "$1" && cd "$1" || exit 99
shift
head -c "$FILLED" /dev/zero > other
"$@" --json > /dev/null; echo "code $?"
ls -A
mount -o remount,size=50m tmpfs .
"$@" --json > /dev/null 2>&1; echo "code $?"
ls -A
cmp -s a.bin ../a.bin; echo "different $?"
`

/** Gets a file onto a disk of so many bytes, some of which are taken by another file. */
async function getOntoFullDisk(
  t: TestContext,
  disk: { size: number; filled: number; file: number },
) {
  const server = await startHostileServer(t)
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'disk'))
  const bytes = someBytes(disk.file)
  server.files.set('/a.bin', { bytes, etag: etagOf(bytes) })
  await writeFile(join(folder, 'a.bin'), bytes)
  const words = [process.execPath, main, 'get', `${server.url}/a.bin`, '--connections', '1']
  const child = spawn(program, [...flags, 'sh', '-c', script, 'sh', 'disk', ...words], {
    cwd: folder,
    env: childEnvironment({
      SIZE: String(disk.size),
      FILLED: String(disk.filled),
      XDG_CONFIG_HOME: folder,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { server, lines: out.trimEnd().split('\n'), error: JSON.parse(err).error }
}

const mebibyte = 1024 * 1024

/** Says what is left of a part whose state is written on a full disk while more comes, and at the end. */
const savingScript = `
const { statSync, writeFileSync } = await import('node:fs')
const { openPart } = await import(process.env.PART_FILE)
const size = 1_500_000
const part = await openPart('a.bin', { keep: false, size })
await part.write(new Uint8Array(size), 0)
try {
  for (;;) writeFileSync('other', new Uint8Array(65_536), { flag: 'a' })
} catch (error) {
  if (error.code !== 'ENOSPC') throw error
}
const state = { id: 'a', etag: null, origin: null, size, spans: [{ start: 0, end: size }] }
for (const isLast of [false, true]) {
  const outcome = await part.save(state, { isLast }).then(() => 'saved', ({ code }) => code)
  console.log(outcome, statSync('a.bin.part').size)
}
await part.close()
`

describe('a disk that is full', { skip: !mayMount && 'no file system can be mounted here' }, () => {
  it('keeps what came of a large file, with a word about it, and goes on from there', async (t) => {
    const disk = { size: 4 * mebibyte, filled: 1, file: 9_000_000 }
    const { server, lines, error } = await getOntoFullDisk(t, disk)
    assert.equal(error.code, 'ENOSPC')
    assert.match(error.message, /^Cannot write \S*a\.bin\.part: the disk is full \(ENOSPC\)\.$/)
    assert.deepEqual(lines, [
      ...['code 1', 'a.bin.part', 'a.bin.part.json', 'other'],
      ...['code 0', '.claimcheck.json', 'a.bin', 'other', 'different 0'],
    ])
    const [, from] = /^bytes=(\d+)-/.exec(String(server.seen.at(-1)?.headers.range)) ?? []
    // Of four MiB, the last one made room for the word.
    assert.ok(Number(from) >= mebibyte, `it began at ${from}`)
  })

  it('makes room for the word about a part only when no more comes', async (t) => {
    const folder = await temporaryFolder(t)
    const mount = 'mount -t tmpfs -o size=2m tmpfs . && cd "$PWD" && exec "$@"'
    const words = [process.execPath, '--input-type=module', '--eval', savingScript]
    const child = spawn(program, [...flags, 'sh', '-c', mount, 'sh', ...words], {
      cwd: folder,
      env: childEnvironment({
        PART_FILE: new URL('../../src/client/files/part-file.ts', import.meta.url).href,
      }),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // A hole would be left where bytes were, and what comes after it would hide it.
    assert.equal(await text(child.stdout), `ENOSPC 1500000\nsaved ${1_500_000 - mebibyte}\n`)
  })

  it('keeps no lock that it has no room for', async (t) => {
    const folder = await temporaryFolder(t)
    const mount =
      'mount -t tmpfs -o size=64k tmpfs . && cd "$PWD" && head -c 65536 /dev/zero > other && exec "$@"'
    const words = [process.execPath, main, 'get', 'http://127.0.0.1:9/a.bin']
    const run = ['sh', '-c', '"$@"; ls -A', 'sh', ...words]
    const child = spawn(program, [...flags, 'sh', '-c', mount, 'sh', ...run], {
      cwd: folder,
      env: childEnvironment({ XDG_CONFIG_HOME: folder }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [left, error] = await Promise.all([text(child.stdout), text(child.stderr)])
    assert.match(error, /^Cannot write \S*\.claimcheck\.lock: the disk is full \(ENOSPC\)\.$/m)
    assert.equal(left, 'other\n')
  })

  it('has no part of a small file left on it, which would take what room there is', async (t) => {
    const disk = { size: mebibyte, filled: 700_000, file: 600_000 }
    const { lines, error } = await getOntoFullDisk(t, disk)
    assert.equal(error.code, 'ENOSPC')
    assert.match(error.message, /^Cannot write \S*a\.bin\.part: the disk is full/)
    assert.deepEqual(lines, [
      ...['code 1', 'other'],
      ...['code 0', '.claimcheck.json', 'a.bin', 'other', 'different 0'],
    ])
  })
})
