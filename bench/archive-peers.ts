import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { ZipArchive } from 'archiver'
import { makeZip } from 'client-zip'
import { ZipFile } from 'yazl'

/** A file as the other archivers are given it: by its path. */
export interface DiskFile {
  readonly name: string
  readonly path: string
}

export type PeerName = 'yazl' | 'archiver' | 'client-zip'

/** Each with stored entries, as its manual says, from files on the disk. */
export const peers: Record<PeerName, (files: readonly DiskFile[]) => AsyncIterable<Uint8Array>> = {
  yazl: byYazl,
  archiver: byArchiver,
  'client-zip': byClientZip,
}

function byYazl(files: readonly DiskFile[]): AsyncIterable<Uint8Array> {
  const zip = new ZipFile()
  for (const { name, path } of files) zip.addFile(path, name, { compress: false })
  zip.end()
  return zip.outputStream as Readable
}

function byArchiver(files: readonly DiskFile[]): AsyncIterable<Uint8Array> {
  const zip = new ZipArchive({ store: true })
  for (const { name, path } of files) zip.file(path, { name })
  void zip.finalize()
  return zip as unknown as Readable
}

function byClientZip(files: readonly DiskFile[]): AsyncIterable<Uint8Array> {
  async function* inputs() {
    for (const { name, path } of files) {
      const file = await open(path)
      const { size, mtime } = await file.stat()
      await file.close()
      yield { name, size, lastModified: mtime, input: createReadStream(path) }
    }
  }
  return makeZip(inputs())
}
