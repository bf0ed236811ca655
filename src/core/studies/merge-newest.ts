/** What has a place in time. */
export interface Dated {
  modified_at: number
  file_number: number
}

/**
 * Pages of several sources as one sequence of pages, newest first. Each source must be in that order
 * itself; one page of each is held at a time.
 */
export async function* mergeNewest<Row extends Dated>(
  sources: readonly AsyncGenerator<Row[]>[],
): AsyncGenerator<Row[]> {
  const [only] = sources
  if (only !== undefined && sources.length === 1) return yield* only
  let heads = (await Promise.all(sources.map(begin))).filter((head) => head !== null)
  while (heads.length > 0) {
    const page: Row[] = []
    // Until a source has to read on: its next row may be the newest of all.
    for (;;) {
      const newest = heads.reduce((a, b) => (isNewer(rowOf(a), rowOf(b)) ? a : b))
      page.push(rowOf(newest))
      newest.at += 1
      if (newest.at < newest.rows.length) continue
      yield page
      const next = await begin(newest.source)
      heads = heads.flatMap((head) => (head !== newest ? [head] : next === null ? [] : [next]))
      break
    }
  }
}

interface Head<Row> {
  source: AsyncGenerator<Row[]>
  rows: Row[]
  at: number
}

async function begin<Row>(source: AsyncGenerator<Row[]>): Promise<Head<Row> | null> {
  for (;;) {
    const { value, done } = await source.next()
    if (done) return null
    if (value.length > 0) return { source, rows: value, at: 0 }
  }
}

function rowOf<Row>({ rows, at }: Head<Row>): Row {
  return rows[at] as Row
}

function isNewer(a: Dated, b: Dated): boolean {
  if (a.modified_at !== b.modified_at) return a.modified_at > b.modified_at
  return a.file_number > b.file_number
}
