import { findOrganizationByCode } from '../../src/core/accounts/organizations.ts'
import type { Core } from '../../src/core/core.ts'
import { type PropertyValue, publishProduct } from '../../src/core/orders/products.ts'
import { storeBytes } from '../../src/core/stored-files.ts'
import type { ProductRow } from '../../src/database/order-tables.ts'

export interface TestProduct {
  id: string
  /** File names and what is in them; a name that ends in `.png` is a quicklook. */
  files: Readonly<Record<string, string | Uint8Array>>
  properties?: Readonly<Record<string, PropertyValue | readonly PropertyValue[]>>
  dataset?: string
  organization?: string
}

/** Publishes a product with real files. */
export async function publish(core: Core, product: TestProduct): Promise<ProductRow> {
  const organization = await findOrganizationByCode(core, product.organization ?? 'acme')
  const files = []
  for (const [name, content] of Object.entries(product.files)) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    files.push({
      name,
      mediaType: name.endsWith('.png') ? 'image/png' : 'text/plain',
      dataType: name.endsWith('.png') ? ('QUICKLOOK' as const) : ('RAWDATA' as const),
      bytes: await storeBytes(core, 'products', chunks(bytes)),
    })
  }
  const dataset = product.dataset ?? 'measurements'
  return await publishProduct(core, 'system', {
    organizationId: organization?.id ?? '',
    productId: product.id,
    dataset: { id: dataset, label: `The ${dataset}` },
    properties: product.properties ?? {},
    files,
  })
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
