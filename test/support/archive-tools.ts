import { execFile, spawnSync } from 'node:child_process'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zeros } from './memory-archive.ts'

const run = promisify(execFile)

/** What is installed here of the programs that people unpack archives with. */
export function hasTool(program: string, flag = '--version'): boolean {
  return spawnSync(program, [flag], { stdio: 'ignore' }).error === undefined
}

/** Runs a program. @throws Error with what it said when it did not end well. */
export async function runTool(program: string, ...words: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(program, words, { maxBuffer: 256 * 1024 * 1024 })
    return stdout + stderr
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${program} ${words.join(' ')}: ${stdout ?? ''}${stderr ?? ''}`, {
      cause: error,
    })
  }
}

/** Writes chunks to a file; where they are of `zeros` it stays a hole, so that gigabytes of them cost nothing. */
export async function writeSparse(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  const file = await open(path, 'w')
  let position = 0
  try {
    for await (const chunk of chunks) {
      if (chunk.buffer !== zeros.buffer) await file.write(chunk, 0, chunk.byteLength, position)
      position += chunk.byteLength
    }
    await file.truncate(position)
  } finally {
    await file.close()
  }
  return position
}

const pythonScript = `
import sys, zipfile, json, hashlib
with zipfile.ZipFile(sys.argv[1]) as z:
    names = sys.argv[2:] or z.namelist()
    bad = None if sys.argv[2:] else z.testzip()
    if bad: sys.exit('bad: ' + bad)
    infos = z.infolist()
    print(json.dumps({
        'entries': len(infos),
        'names': [i.filename for i in infos[:5000]],
        'last': hashlib.sha256(z.read(infos[-1])).hexdigest() if infos else None,
        'read': {n: hashlib.sha256(z.read(n)).hexdigest() for n in names if len(names) < 200},
    }))
`

export interface PythonReport {
  entries: number
  names: string[]
  /** SHA-256 of the last entry's bytes. */
  last: string | null
  /** SHA-256 of the bytes, by names. */
  read: Record<string, string>
}

/** What Python's zipfile says of an archive: of all of its entries, or of some only. */
export async function readWithPython(path: string, ...names: string[]): Promise<PythonReport> {
  return JSON.parse(await runTool('python3', '-c', pythonScript, path, ...names)) as PythonReport
}

const javaSource = `
import java.io.*; import java.util.zip.*;
public class ReadZip {
  public static void main(String[] words) throws Exception {
    long entries = 0, bytes = 0; byte[] buffer = new byte[1 << 20];
    try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(new FileInputStream(words[0]), 1 << 20))) {
      for (ZipEntry entry; (entry = zip.getNextEntry()) != null; entries++)
        for (int count; (count = zip.read(buffer)) > 0; ) bytes += count;
    }
    System.out.println(entries + " " + bytes);
  }
}`

/** What Java's ZipInputStream, the strictest of readers, finds when an archive is streamed through it. */
export type ReadWithJava = (path: string) => Promise<{ entries: number; bytes: number }>

/** Compiles the reader into a folder; `null` when there is no Java here. */
export async function compileJavaReader(folder: string): Promise<ReadWithJava | null> {
  if (!hasTool('javac', '-version')) return null
  const source = join(folder, 'ReadZip.java')
  await writeFile(source, javaSource)
  await runTool('javac', '-d', folder, source)
  return async (path) => {
    const said = await runTool('java', '-Xshare:auto', '-cp', folder, 'ReadZip', path)
    const [entries, bytes] = said.trim().split(' ')
    return { entries: Number(entries), bytes: Number(bytes) }
  }
}
