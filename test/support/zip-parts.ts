import { crc32, inflateRawSync } from 'node:zlib'

/**
 * The parts of a ZIP, by its directory, each checked against its CRC and lengths. For archives of
 * tests: no encryption, no 64-bit extension.
 */
export function readZipParts(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  const parts = new Map<string, Buffer>()
  let at = zip.readUInt32LE(end + 16)
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    if (zip.readUInt32LE(at) !== 0x0201_4b50) throw new Error(`No entry of the directory at ${at}.`)
    const nameLength = zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    const [crc, compressed, size, offset] = [16, 20, 24, 42].map((field) =>
      zip.readUInt32LE(at + field),
    )
    const start = (offset ?? 0) + 30 + zip.readUInt16LE((offset ?? 0) + 26)
    const bytes = inflateRawSync(zip.subarray(start, start + (compressed ?? 0)))
    if (bytes.length !== size || crc32(bytes) !== crc) throw new Error(`${name} is broken.`)
    parts.set(name, bytes)
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return parts
}
