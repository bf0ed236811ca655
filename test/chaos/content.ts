import { createHash } from 'node:crypto'
import { createChance } from './chance.ts'

/** How the downloads of the chaos are made. */
const types = ['made', 'spooled', 'outside', 'doomed'] as const
export type TypeName = (typeof types)[number]

/** A file that a download of this tag holds: everybody can say what its bytes must be. */
export interface ExpectedFile {
  readonly name: string
  readonly size: number
}

/** One file of a hundred is so large that it goes to the store in two parts. */
const LARGE = 5 * 1024 * 1024 + 12_345
const CHUNK = 16 * 1024

export function filesOf(tag: string): ExpectedFile[] {
  const chance = createChance(tag)
  return Array.from({ length: 1 + chance.below(3) }, (_, index) => ({
    name: `${index}.bin`,
    size: chance.below(100) === 0 ? LARGE : chance.below(6) * chance.below(10_000) + 1,
  }))
}

/** How long it takes to make one: some are at work when their lease ends, and long after. */
export function makingMs(tag: string): number {
  return createChance(`${tag} making`).below(10) === 0 ? 3000 : 100
}

/** The same bytes for the same tag and name. */
export function* bytesOf(tag: string, { name, size }: ExpectedFile): Generator<Buffer> {
  for (let start = 0; start < size; start += CHUNK) {
    const seed = createHash('sha256').update(`${tag} ${name} ${start}`).digest()
    yield Buffer.alloc(Math.min(CHUNK, size - start), seed)
  }
}

export function digestOf(tag: string, file: ExpectedFile): string {
  const hash = createHash('sha256')
  for (const chunk of bytesOf(tag, file)) hash.update(chunk)
  return hash.digest('hex')
}
