import BetterSqlite3 from 'better-sqlite3'
import { fastify } from 'fastify'

/** What the poll is compared with: a bare Fastify route with one SQLite look-up. Prints its URL as JSON. */
const database = new BetterSqlite3(process.argv[2] ?? ':memory:')
database.pragma('journal_mode = WAL')
const find = database.prepare('select * from deliveries where id = ?')
const app = fastify()
app.get<{ Params: { id: string } }>('/api/downloads/:id', (request, reply) => {
  const row = find.get(request.params.id) as Record<string, unknown>
  const download = { id: row.id, download_type: row.type, user_id: row.owner_id, state: row.state }
  reply.send({ download: { ...download, url: null } })
})
console.log(JSON.stringify({ url: await app.listen({ host: '127.0.0.1', port: 0 }) }))
