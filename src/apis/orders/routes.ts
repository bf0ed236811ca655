import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { authenticate } from '../../http/authenticate.ts'
import { archiveRoute } from './archive-routes.ts'
import { catalogRoutes } from './catalog-routes.ts'
import { fileRoutes } from './file-routes.ts'
import { metalinkRoute, publicRoutes } from './metalink-routes.ts'
import { applyRoute, orderRoutes } from './order-routes.ts'
import { challenges, type OrdersContext, takeErrors } from './routing.ts'
import { oauthRoutes } from './token-routes.ts'

/** The orders API (REGARDS rs-order and what belongs to it). To be mounted at `/api/v1`. */
export function ordersApi(context: OrdersContext): FastifyPluginAsync {
  return async (app) => {
    await app.register(ordersRoutes(context), { prefix: '/rs-order' })
    await app.register(catalog(context), { prefix: '/rs-catalog' })
    await app.register(oauthRoutes(context), { prefix: '/rs-authentication' })
  }
}

/** The document's table says `/user/orders`, its curl `/orders`: both are everywhere. */
const roots = ['/user/orders', '/orders']

function ordersRoutes(context: OrdersContext): FastifyPluginAsync {
  return async (app) => {
    takeErrors(app)
    await app.register(async (open) => {
      for (const root of roots) publicRoutes(open, context, root)
    })
    await app.register(
      behindSignIn(context, (closed) => {
        for (const root of roots) {
          applyRoute(closed, context, root)
          orderRoutes(closed, context, root)
          fileRoutes(closed, context, root)
          metalinkRoute(closed, context, root)
          archiveRoute(closed, context, root)
        }
      }),
    )
  }
}

function catalog(context: OrdersContext): FastifyPluginAsync {
  return async (app) => {
    takeErrors(app)
    await app.register(behindSignIn(context, catalogRoutes))
  }
}

function behindSignIn(
  context: OrdersContext,
  addRoutes: (app: FastifyInstance, context: OrdersContext) => void,
): FastifyPluginAsync {
  return async (app) => {
    app.addHook('onRequest', authenticate(context.signIn, challenges))
    addRoutes(app, context)
  }
}
