import type { ArchiveEntry, ArchiveFormat } from './archive-format.ts'

const BLOCK = 512
/** Eleven octal digits: one byte less than 8 GiB. */
const MAX_SIZE = 0o77777777777

/** tar as POSIX.1-2017 `pax` has it: ustar headers, and an extended header before those that ustar cannot say. */
export const tarFormat: ArchiveFormat = {
  name: 'tar',
  mediaType: 'application/x-tar',

  header(entry) {
    const extended = extendedRecords(entry)
    const header = ustarHeader(entry, '0', Math.min(entry.size, MAX_SIZE))
    if (extended === null) return header
    const name = `PaxHeaders/${asciiOf(entry.name).slice(-80)}`
    const before = ustarHeader({ ...entry, name }, 'x', extended.length)
    const padding = Buffer.alloc(paddingLength(extended.length))
    return Buffer.concat([before, extended, padding, header])
  },

  headerLength(entry) {
    const extended = extendedRecords(entry)
    if (extended === null) return BLOCK
    return 2 * BLOCK + extended.length + paddingLength(extended.length)
  },

  paddingLength,

  record: () => Buffer.alloc(0),
  recordLength: () => 0,
  trailer: () => Buffer.alloc(2 * BLOCK),
}

function paddingLength(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/** `null` when ustar says it all. */
function extendedRecords({ name, size }: ArchiveEntry): Buffer | null {
  const long = Buffer.byteLength(name) > 100 && splitName(name) === null
  let text = ''
  if (long || /[^\x20-\x7e]/.test(name)) text += extendedRecord('path', name)
  if (size > MAX_SIZE) text += extendedRecord('size', String(size))
  return text === '' ? null : Buffer.from(text)
}

/** `<length> <keyword>=<value>\n`, where the length counts its own digits too. */
function extendedRecord(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`
  const restLength = Buffer.byteLength(rest)
  let length = restLength + String(restLength).length
  if (restLength + String(length).length !== length) length += 1
  return `${length}${rest}`
}

/** ustar has 155 bytes for the folders and 100 for the rest. */
function splitName(name: string): { prefix: string; rest: string } | null {
  for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
    if (Buffer.byteLength(name.slice(0, at)) > 155) return null
    if (Buffer.byteLength(name.slice(at + 1)) <= 100) {
      return { prefix: name.slice(0, at), rest: name.slice(at + 1) }
    }
  }
  return null
}

function asciiOf(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, '_')
}

function ustarHeader({ name, modifiedAt }: ArchiveEntry, type: '0' | 'x', size: number): Buffer {
  const bytes = Buffer.alloc(BLOCK)
  const ascii = asciiOf(name)
  const split = ascii.length <= 100 ? { prefix: '', rest: ascii } : splitName(ascii)
  bytes.write((split?.rest ?? ascii).slice(0, 100), 0)
  bytes.write('0000644\0', 100)
  // Owner and group 0: whoever unpacks it as a user becomes the owner.
  bytes.write('0000000\0', 108)
  bytes.write('0000000\0', 116)
  bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  const seconds = Math.min(Math.max(Math.floor(modifiedAt / 1000), 0), MAX_SIZE)
  bytes.write(`${seconds.toString(8).padStart(11, '0')}\0`, 136)
  bytes.write(type, 156)
  bytes.write('ustar\0', 257)
  bytes.write('00', 263)
  bytes.write((split?.prefix ?? '').slice(0, 155), 345)
  bytes.write('        ', 148)
  let sum = 0
  for (const byte of bytes) sum += byte
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}
