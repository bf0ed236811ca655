import '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { sql } from 'kysely'
import { createAddressSet } from '../core/address-set.ts'
import type { Core } from '../core/core.ts'
import type { Metrics } from './metrics.ts'

export interface Operations {
  core: Core
  metrics: Metrics
  /** Networks that may read the metrics, beside the machine itself. */
  metricsAllow: readonly string[]
  /** True once the server has begun to stop. */
  isStopping(): boolean
}

/**
 * What machines ask: `/healthz` (the process answers), `/readyz` (it can serve: database and store
 * work) and `/metrics`, which the machine itself may read and whom the operator allows it to.
 */
export function operationsRoutes(options: Operations): FastifyPluginAsync {
  const { core, metrics, isStopping } = options
  const isAllowed = createAddressSet(options.metricsAllow)
  return async (app) => {
    app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }))

    app.get('/readyz', { schema: { hide: true } }, async (request, reply) => {
      if (isStopping()) return reply.code(503).send({ status: 'stopping' })
      try {
        await sql`select 1`.execute(core.database.kysely)
        await core.store.check()
        return { status: 'ready' }
      } catch (error) {
        request.log.error({ err: error }, 'Not ready')
        return reply.code(503).send({ status: 'unavailable' })
      }
    })

    app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
      const address = request.ip.replace('::ffff:', '')
      if (!isLoopback(address) && !isAllowed(address)) return reply.code(404).send()
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.render(core))
    })
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
