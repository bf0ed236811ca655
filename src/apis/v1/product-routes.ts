import multipart from '@fastify/multipart'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { demandAdministrator } from '../../core/accounts/actor.ts'
import { type ListedProduct, listProducts } from '../../core/orders/list-products.ts'
import { publishProduct, withdrawProduct } from '../../core/orders/products.ts'
import { principalOf } from '../../http/authenticate.ts'
import { limitOf, numberCursor, pageMembers, toPage } from './pages.ts'
import { takeProduct } from './product-form.ts'
import { Product, productForm } from './product-schemas.ts'
import { answers, noBody, query, untilLeft, type V1App, type V1Context } from './routing.ts'
import { pageOf, ref } from './schema-words.ts'
import { toTime } from './wire.ts'

const tags = ['Orders']

/** What accounts may order; a plugin of its own, because it takes forms. */
export function productRoutes(context: V1Context): FastifyPluginAsync {
  return async (plain) => {
    const app: V1App = plain.withTypeProvider<TypeBoxTypeProvider>()
    const fileSize = Number.MAX_SAFE_INTEGER
    await app.register(multipart, {
      limits: { fields: 1, fieldSize: 100_000, files: 1000, fileSize, headerPairs: 50 },
    })
    listing(app, context)
    publishing(app, context)
    withdrawing(app, context)
  }
}

function listing(app: V1App, { core }: V1Context): void {
  app.get(
    '/products',
    {
      schema: {
        tags,
        operationId: 'listProducts',
        summary: 'The products of your organization, newest first',
        description: 'For those who may order, and for administrators.',
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(Product) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const before = numberCursor(request.query)
      const rows = await listProducts(core, principalOf(request), { before, limit })
      return toPage({ request, reply }, rows, {
        limit,
        place: ({ product }) => product.number,
        toItem: toProduct,
      })
    },
  )
}

function publishing(app: V1App, context: V1Context): void {
  const { core } = context
  app.post(
    '/products',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      // The form is checked where it is read.
      validatorCompiler: () => () => true,
      schema: {
        tags,
        operationId: 'publishProduct',
        summary: 'Publish files as one product, which accounts of your organization may order',
        description:
          'A form with a field `product` and a field `file` for each file, at most 1,000. All of it is published in one moment or nothing is. It stays as it was published: withdraw it to publish it anew. For administrators.',
        body: productForm,
        response: answers({ 201: ref(Product) }, 404, 409, 415, 507),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      // Asked before the first byte is read; the core asks again.
      demandAdministrator(principal, principal.organizationId)
      const taken = await takeProduct(core, request, untilLeft(context, reply))
      try {
        const { organizationId } = principal
        const product = await publishProduct(core, principal, { organizationId, ...taken.product })
        const bytes = taken.product.files.reduce((sum, file) => sum + file.bytes.size, 0)
        const files = taken.product.files.length
        return reply.code(201).send(toProduct({ product, files, bytes }))
      } catch (error) {
        await taken.discard(error)
        throw error
      }
    },
  )
}

function withdrawing(app: V1App, { core }: V1Context): void {
  app.delete(
    '/products/:urn',
    {
      schema: {
        tags,
        operationId: 'withdrawProduct',
        summary: 'Withdraw a product; orders that hold its files keep them',
        params: Type.Object({ urn: Type.String({ maxLength: 500 }) }),
        response: answers({ 204: noBody('Nobody finds it any more.') }, 404, 415),
      },
    },
    async (request, reply) => {
      await withdrawProduct(core, principalOf(request), request.params.urn)
      return reply.code(204).send(null)
    },
  )
}

function toProduct({ product, files, bytes }: ListedProduct): Static<typeof Product> {
  return {
    urn: product.urn,
    productId: product.product_id,
    dataset: { id: product.dataset, label: product.dataset_label },
    version: product.version,
    files,
    bytes,
    createdAt: toTime(product.created_at),
  }
}
