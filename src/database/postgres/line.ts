import pg from 'pg'

export interface LineOptions {
  config: pg.ClientConfig
  /** What is listened to, a name of `[a-z_]`. */
  channel: string
  onNotification(payload: string): void
  /** The line stands, for the first time or again: what came meanwhile was not heard. */
  onOpen(): void
  /** The server's time, in ms since the epoch, and when it was asked and answered by `performance.now()`. */
  onTime(time: number, asked: number, answered: number): void
}

/** The one connection that a node keeps open besides its pool: it listens, and asks the server for the time. */
export interface Line {
  /** Sends a notification. @throws what `pg` throws when the line does not stand */
  send(payload: string): Promise<void>
  close(): Promise<void>
}

/** How often the server is asked for its time, which also shows whether the line still stands. */
const ASK_MS = 15_000
/** How long the line waits before it is opened anew, at first and at most. */
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [50, 2000]

/**
 * Opens the line, and opens it anew whenever it breaks.
 * @throws what `pg` throws when it cannot be opened for the first time
 */
export async function openLine(options: LineOptions): Promise<Line> {
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  let wait = FIRST_WAIT_MS
  let closed = false

  async function open(): Promise<void> {
    const opening = new pg.Client(options.config)
    opening.on('error', () => lose(opening))
    opening.on('end', () => lose(opening))
    opening.on('notification', ({ payload }) => options.onNotification(payload ?? ''))
    try {
      await opening.connect()
      await opening.query(`listen ${options.channel}`)
      await askTime(opening)
    } catch (error) {
      void opening.end().catch(() => {})
      throw error
    }
    if (closed) return void (await opening.end())
    client = opening
    wait = FIRST_WAIT_MS
    timer = setTimeout(ask, ASK_MS)
    options.onOpen()
  }

  function lose(lost: pg.Client): void {
    if (client !== lost) return
    client = null
    void lost.end().catch(() => {})
    reopenLater()
  }

  function reopenLater(): void {
    clearTimeout(timer)
    if (closed) return
    timer = setTimeout(() => void open().catch(reopenLater), wait * (0.5 + Math.random() / 2))
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }

  async function askTime(of: pg.Client): Promise<void> {
    const asked = performance.now()
    const { rows } = await of.query<{ now: number }>(
      'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
    )
    if (rows[0] !== undefined) options.onTime(rows[0].now, asked, performance.now())
  }

  function ask(): void {
    const asked = client
    if (asked === null) return
    askTime(asked).then(
      () => {
        if (client === asked) timer = setTimeout(ask, ASK_MS)
      },
      () => lose(asked),
    )
  }

  await open()
  return {
    async send(payload) {
      if (client === null) throw new Error('The line does not stand.')
      await client.query('select pg_notify($1, $2)', [options.channel, payload])
    },
    async close() {
      closed = true
      clearTimeout(timer)
      const last = client
      client = null
      await last?.end().catch(() => {})
    },
  }
}
