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

/** What is in the folder, then the digests, after a run on a full disk and after one with room. */
const script = `
mount -t tmpfs -o size=$SIZE tmpfs "$1" && cd "$1" || exit 99
shift
"$@" --json > /dev/null; echo "code $?"
ls -A
mount -o remount,size=50m tmpfs .
"$@" --json > /dev/null 2>&1; echo "code $?"
ls -A
cmp -s 0.bin ../0.bin; echo "0.bin $?"
`

async function getOntoFullDisk(t: TestContext, { size, files }: { size: string; files: number[] }) {
  const server = await startHostileServer(t)
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'disk'))
  const list = files.map((bytes, index) => {
    const content = someBytes(bytes, index + 1)
    server.files.set(`/${index}.bin`, { bytes: content, etag: etagOf(content) })
    return `${server.url}/${index}.bin`
  })
  await writeFile(join(folder, '0.bin'), someBytes(files[0] ?? 0, 1))
  await writeFile(join(folder, 'list.txt'), `${list.join('\n')}\n`)
  const words = [process.execPath, main, 'get', '../list.txt', '--jobs', '1', '--connections', '1']
  const child = spawn(program, [...flags, 'sh', '-c', script, 'sh', 'disk', ...words], {
    cwd: folder,
    env: childEnvironment({ SIZE: size, XDG_CONFIG_HOME: folder }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { server, lines: out.trimEnd().split('\n'), error: JSON.parse(err).error }
}

describe('a disk that is full', { skip: !mayMount && 'no file system can be mounted here' }, () => {
  it('keeps what came of a large file, with a word about it, and goes on from there', async (t) => {
    const { server, lines, error } = await getOntoFullDisk(t, { size: '4m', files: [9_000_000] })
    assert.equal(error.code, 'ENOSPC')
    assert.match(error.message, /^Cannot write \S*0\.bin\.part: the disk is full \(ENOSPC\)\.$/)
    assert.deepEqual(lines, [
      'code 1',
      '0.bin.part',
      '0.bin.part.json',
      'code 0',
      '.claimcheck.json',
      '0.bin',
      '0.bin 0',
    ])
    const [, from] = /^bytes=(\d+)-/.exec(String(server.seen.at(-1)?.headers.range)) ?? []
    // Of four MiB, the last one made room for the word.
    assert.ok(Number(from) >= 1024 * 1024, `it began at ${from}`)
  })

  it('has no part of a small file left on it, which would take what room there is', async (t) => {
    const { lines, error, server } = await getOntoFullDisk(t, {
      size: '1m',
      files: [600_000, 600_000],
    })
    assert.equal(error.code, 'ENOSPC')
    assert.match(error.message, /^Cannot write \S*1\.bin\.part: the disk is full/)
    assert.deepEqual(lines, [
      'code 1',
      '.claimcheck.json',
      '0.bin',
      'code 0',
      '.claimcheck.json',
      '0.bin',
      '1.bin',
      '0.bin 0',
    ])
    assert.equal(server.seen.filter(({ path }) => path === '/1.bin').length, 2)
  })
})
