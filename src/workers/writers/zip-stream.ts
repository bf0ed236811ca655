import { constants, crc32, deflateRawSync } from 'node:zlib'

/** Writes a ZIP of compressed parts, one after another, whose lengths nobody knows before their end. */
export interface ZipStream {
  /** Begins a part; the one before must have ended. */
  begin(name: string): Uint8Array
  /** More of the part's bytes. Each call compresses on its own: give it tens of KiB. */
  write(bytes: Uint8Array): Uint8Array
  endPart(): Uint8Array
  /** The directory, after the last part. */
  end(): Uint8Array
}

interface Part {
  readonly name: Buffer
  readonly offset: number
  crc: number
  size: number
  compressed: number
}

/** Bit 3: lengths stand after the bytes; bit 11: names are UTF-8 (APPNOTE 6.3.10 §4.4.4). */
const flags = 0x0808
const version = 20
const deflate = 8
/** 1 January 1980, the earliest date a ZIP can hold: the same rows make the same bytes. */
const date = 0x0021
/** Without the 64-bit extension, which some spreadsheet programs do not read. */
const largest = 0xffff_fffe

/** A last, empty block: what ends a deflate stream whose blocks were all flushed (RFC 1951 §3.2.4). */
const lastBlock = Uint8Array.of(0x03, 0x00)

/** A ZIP that is compressed while it is written, without Zip64. */
export function createZipStream(): ZipStream {
  const parts: Part[] = []
  let offset = 0
  const count = (bytes: Uint8Array): Uint8Array => {
    offset += bytes.length
    if (offset <= largest) return bytes
    throw new Error('The spreadsheet would be larger than 4 GiB; ask for CSV instead.')
  }
  const current = (): Part => {
    const part = parts.at(-1)
    if (part === undefined) throw new Error('No part has begun.')
    return part
  }
  const add = (part: Part, compressed: Uint8Array): Uint8Array => {
    part.compressed += compressed.length
    return count(compressed)
  }
  return {
    begin(name) {
      const part = { name: Buffer.from(name), offset, crc: 0, size: 0, compressed: 0 }
      parts.push(part)
      return count(localHeader(part))
    },
    write(bytes) {
      const part = current()
      part.crc = crc32(bytes, part.crc)
      part.size += bytes.length
      return add(part, deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }))
    },
    endPart() {
      const part = current()
      return Buffer.concat([add(part, lastBlock), count(dataDescriptor(part))])
    },
    end() {
      const start = offset
      const directory = Buffer.concat(parts.map(directoryEntry))
      return Buffer.concat([
        count(directory),
        count(endRecord(parts.length, directory.length, start)),
      ])
    },
  }
}

function localHeader({ name }: Part): Buffer {
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x0403_4b50, 0)
  header.writeUInt16LE(version, 4)
  header.writeUInt16LE(flags, 6)
  header.writeUInt16LE(deflate, 8)
  header.writeUInt16LE(date, 12)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, name])
}

function dataDescriptor(part: Part): Buffer {
  const descriptor = Buffer.alloc(16)
  descriptor.writeUInt32LE(0x0807_4b50, 0)
  writeLengths(descriptor, 4, part)
  return descriptor
}

function directoryEntry(part: Part): Buffer {
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x0201_4b50, 0)
  entry.writeUInt16LE(version, 4)
  entry.writeUInt16LE(version, 6)
  entry.writeUInt16LE(flags, 8)
  entry.writeUInt16LE(deflate, 10)
  entry.writeUInt16LE(date, 14)
  writeLengths(entry, 16, part)
  entry.writeUInt16LE(part.name.length, 28)
  entry.writeUInt32LE(part.offset, 42)
  return Buffer.concat([entry, part.name])
}

function writeLengths(buffer: Buffer, at: number, part: Part): void {
  buffer.writeUInt32LE(part.crc, at)
  buffer.writeUInt32LE(part.compressed, at + 4)
  buffer.writeUInt32LE(part.size, at + 8)
}

function endRecord(count: number, length: number, start: number): Buffer {
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x0605_4b50, 0)
  record.writeUInt16LE(count, 8)
  record.writeUInt16LE(count, 10)
  record.writeUInt32LE(length, 12)
  record.writeUInt32LE(start, 16)
  return record
}
