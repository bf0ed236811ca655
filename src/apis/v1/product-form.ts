import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Core } from '../../core/core.ts'
import { DeliveryError } from '../../core/errors.ts'
import { mediaTypeOfName } from '../../core/media-type.ts'
import type { NewProductFile, NewProduct as Published } from '../../core/orders/products.ts'
import { discardBytes, type StoredBytes, storeBytes } from '../../core/stored-files.ts'
import { formParts, partBytes } from '../../http/form-parts.ts'
import { linger } from '../../http/linger.ts'
import { demandFit } from './check-request.ts'
import { NewProduct } from './product-schemas.ts'

type StoredProductFile = Omit<NewProductFile, 'bytes'> & { bytes: StoredBytes }

export interface TakenProduct {
  product: Omit<Published, 'organizationId' | 'files'> & { files: readonly StoredProductFile[] }
  /** Removes what was stored, when this error says that nothing is to show it. */
  discard(error: unknown): Promise<void>
}

const dataTypes = { file: 'RAWDATA', quicklook: 'QUICKLOOK' } as const

/**
 * Takes a product in as a form: what it is, and its files, each stored while it comes.
 * @throws DeliveryError `unsupported_media_type`, `malformed`, `invalid`, `storage_full`; nothing stays stored then
 */
export async function takeProduct(
  core: Core,
  request: FastifyRequest,
  signal: AbortSignal,
): Promise<TakenProduct> {
  if (!request.isMultipart()) {
    throw new DeliveryError('unsupported_media_type', 'Send the product as multipart/form-data.')
  }
  const files: StoredProductFile[] = []
  let said: Static<typeof NewProduct> | null = null
  const keys = () => files.map(({ bytes }) => bytes.objectKey)
  try {
    for await (const part of formParts(request)) {
      if (part.type === 'field') {
        said = readProduct(part.fieldname, part.value)
        continue
      }
      const { filename: name = '' } = part
      const facts = { name, mediaType: mediaTypeOfName(name), dataType: dataTypeOf(part.fieldname) }
      const bytes = await storeBytes(core, 'products', partBytes(part, request), signal)
      files.push({ ...facts, bytes })
    }
    if (said === null) throw new DeliveryError('malformed', 'The form has no field "product".')
  } catch (error) {
    for (const key of keys()) await core.store.remove(key)
    linger(request.raw)
    throw error
  }
  const { productId, dataset, properties = {} } = said
  const { id, label = id } = dataset
  return {
    product: { productId, dataset: { id, label }, properties, files },
    discard: (error) => discardBytes(core, keys(), error),
  }
}

function readProduct(field: string, text: unknown): Static<typeof NewProduct> {
  if (field !== 'product') throw unknownField(field)
  try {
    return demandFit(NewProduct, JSON.parse(String(text)))
  } catch (error) {
    if (error instanceof DeliveryError) throw error
    throw new DeliveryError('malformed', 'The field "product" is not JSON.', { cause: error })
  }
}

function dataTypeOf(field: string): NewProductFile['dataType'] {
  if (field === 'file' || field === 'quicklook') return dataTypes[field]
  throw unknownField(field)
}

function unknownField(field: string): DeliveryError {
  return new DeliveryError(
    'invalid',
    `The form has a field "${field}"; it takes "product", "file" and "quicklook".`,
  )
}
