import type { ArchiveEntry, ArchiveFormat } from './archive-format.ts'

const MAX_16 = 0xffff
const MAX_32 = 0xffffffff
/** Bit 11: names are UTF-8 (APPNOTE 4.4.4). Bit 3 is never set: sizes stand in the local header. */
const UTF8 = 0x0800
/** APPNOTE 4.4.3.2: 2.0, and 4.5 where Zip64 is used. */
const versionOf = (zip64: boolean): number => (zip64 ? 45 : 20)
/** APPNOTE 4.4.2.2: made on Unix, so that the attributes are those of `chmod`. */
const UNIX = 3 << 8
const REGULAR_FILE_0644 = 0o100644 * 0x10000

/**
 * ZIP (PKWARE APPNOTE 6.3) with stored entries whose size and CRC-32 stand in the local header, and
 * Zip64 only where a number asks for it: the one form that every reader takes, streaming ones too.
 */
export const zipFormat: ArchiveFormat = {
  name: 'zip',
  mediaType: 'application/zip',

  // APPNOTE 4.3.7.
  header(entry) {
    const zip64 = entry.size >= MAX_32
    const nameLength = Buffer.byteLength(entry.name)
    const bytes = Buffer.allocUnsafe(30 + nameLength + (zip64 ? 20 : 0))
    bytes.writeUInt32LE(0x04034b50, 0)
    bytes.writeUInt16LE(versionOf(zip64), 4)
    writeFacts(bytes, 6, entry)
    bytes.writeUInt16LE(nameLength, 26)
    bytes.writeUInt16LE(zip64 ? 20 : 0, 28)
    bytes.write(entry.name, 30)
    if (zip64) writeZip64(bytes, 30 + nameLength, [entry.size, entry.size])
    return bytes
  },

  headerLength: (entry) => 30 + Buffer.byteLength(entry.name) + (entry.size >= MAX_32 ? 20 : 0),

  paddingLength: () => 0,

  // APPNOTE 4.3.12.
  record(entry, offset) {
    const large = zip64Numbers(entry, offset)
    const nameLength = Buffer.byteLength(entry.name)
    const extraLength = large.length === 0 ? 0 : 4 + large.length * 8
    const bytes = Buffer.allocUnsafe(46 + nameLength + extraLength)
    const version = versionOf(extraLength > 0)
    bytes.writeUInt32LE(0x02014b50, 0)
    bytes.writeUInt16LE(UNIX | version, 4)
    bytes.writeUInt16LE(version, 6)
    writeFacts(bytes, 8, entry)
    bytes.writeUInt16LE(nameLength, 28)
    bytes.writeUInt16LE(extraLength, 30)
    // No comment, disk 0, no internal attributes.
    bytes.fill(0, 32, 38)
    bytes.writeUInt32LE(REGULAR_FILE_0644, 38)
    bytes.writeUInt32LE(Math.min(offset, MAX_32), 42)
    bytes.write(entry.name, 46)
    if (extraLength > 0) writeZip64(bytes, 46 + nameLength, large)
    return bytes
  },

  recordLength(entry, offset) {
    const large = (entry.size >= MAX_32 ? 2 : 0) + (offset >= MAX_32 ? 1 : 0)
    return 46 + Buffer.byteLength(entry.name) + (large === 0 ? 0 : 4 + large * 8)
  },

  trailer({ entries, directoryOffset, directorySize }) {
    const zip64 = entries >= MAX_16 || directoryOffset >= MAX_32 || directorySize >= MAX_32
    const end = endRecord(entries, directoryOffset, directorySize)
    return zip64 ? Buffer.concat([zip64End(entries, directoryOffset, directorySize), end]) : end
  },
}

/** What local header and central record share: flags, method, time, CRC-32, both sizes. */
function writeFacts(bytes: Buffer, at: number, entry: ArchiveEntry): void {
  const size = Math.min(entry.size, MAX_32)
  const { time, date } = dosTime(entry.modifiedAt)
  bytes.writeUInt16LE(UTF8, at)
  bytes.writeUInt16LE(0, at + 2)
  bytes.writeUInt16LE(time, at + 4)
  bytes.writeUInt16LE(date, at + 6)
  bytes.writeUInt32LE(entry.crc32, at + 8)
  bytes.writeUInt32LE(size, at + 12)
  bytes.writeUInt32LE(size, at + 16)
}

/** APPNOTE 4.5.3: those numbers that do not fit into their fields, in this order. */
function zip64Numbers(entry: ArchiveEntry, offset: number): number[] {
  const numbers = entry.size >= MAX_32 ? [entry.size, entry.size] : []
  if (offset >= MAX_32) numbers.push(offset)
  return numbers
}

function writeZip64(bytes: Buffer, at: number, numbers: readonly number[]): void {
  bytes.writeUInt16LE(0x0001, at)
  bytes.writeUInt16LE(numbers.length * 8, at + 2)
  for (const [index, number] of numbers.entries()) {
    bytes.writeBigUInt64LE(BigInt(number), at + 4 + index * 8)
  }
}

/** APPNOTE 4.4.6: two seconds are the smallest step, 1980 to 2107 the years; in UTC, to be the same everywhere. */
function dosTime(milliseconds: number): { time: number; date: number } {
  const at = new Date(Math.min(Math.max(milliseconds, dosBegin), dosEnd))
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  const year = at.getUTCFullYear() - 1980
  return { time, date: (year << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate() }
}

const dosBegin = Date.UTC(1980, 0, 1)
const dosEnd = Date.UTC(2107, 11, 31, 23, 59, 58)

/** APPNOTE 4.3.14 and 4.3.15. */
function zip64End(entries: number, directoryOffset: number, directorySize: number): Buffer {
  const bytes = Buffer.alloc(56 + 20)
  bytes.writeUInt32LE(0x06064b50, 0)
  bytes.writeBigUInt64LE(44n, 4)
  bytes.writeUInt16LE(UNIX | 45, 12)
  bytes.writeUInt16LE(45, 14)
  bytes.writeBigUInt64LE(BigInt(entries), 24)
  bytes.writeBigUInt64LE(BigInt(entries), 32)
  bytes.writeBigUInt64LE(BigInt(directorySize), 40)
  bytes.writeBigUInt64LE(BigInt(directoryOffset), 48)
  bytes.writeUInt32LE(0x07064b50, 56)
  bytes.writeBigUInt64LE(BigInt(directoryOffset + directorySize), 64)
  bytes.writeUInt32LE(1, 72)
  return bytes
}

/** APPNOTE 4.3.16. */
function endRecord(entries: number, directoryOffset: number, directorySize: number): Buffer {
  const bytes = Buffer.alloc(22)
  bytes.writeUInt32LE(0x06054b50, 0)
  bytes.writeUInt16LE(Math.min(entries, MAX_16), 8)
  bytes.writeUInt16LE(Math.min(entries, MAX_16), 10)
  bytes.writeUInt32LE(Math.min(directorySize, MAX_32), 12)
  bytes.writeUInt32LE(Math.min(directoryOffset, MAX_32), 16)
  return bytes
}
