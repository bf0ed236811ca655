import { publishProduct, withdrawProduct } from '../core/orders/products.ts'
import { type CommandList, defineCommand, UsageError } from './command.ts'
import { demandOrganization } from './find-thing.ts'
import { localOptions, withInstallation } from './local.ts'
import { print } from './print.ts'
import { demandOption, organizationOption } from './publish-options.ts'
import { storeFolder } from './store-folder.ts'

const publish = defineCommand({
  description:
    'Publishes the files of a folder as one product, which accounts of the organization with the permission "order" find and order. A product stays as it was published: withdraw it to publish it anew. Folders inside of it, dot-files, *.part and *.tmp are left out; links are refused. Works beside a running server.',
  arguments: [{ name: 'DIR', description: 'The folder.', required: true }],
  options: {
    ...organizationOption,
    id: { type: 'string', value: 'ID', description: "The product's id; the folder's name if not." },
    dataset: { type: 'string', value: 'ID', description: 'The collection that it belongs to.' },
    'dataset-label': {
      type: 'string',
      value: 'NAME',
      description: 'What people call the collection; else its id.',
    },
    property: {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      description: 'What it can be found by; a name may be given several times.',
    },
    quicklook: {
      type: 'string',
      value: 'FILE',
      multiple: true,
      description: 'A file that is a preview (QUICKLOOK); all others are RAWDATA.',
    },
    ...localOptions,
  },
  examples: [
    {
      command:
        'claimcheck product publish ./scene-1 --organization acme --dataset scenes --property platform=S2A',
      description: 'Publish what is in ./scene-1 as the product "scene-1".',
    },
  ],
  async run({ values, positionals: [folder = ''] }) {
    const dataset = demandOption(values, 'dataset', 'product publish')
    const properties = readProperties(values.property ?? [])
    await withInstallation(values, async ({ core }) => {
      const { id: organizationId } = await demandOrganization(core, values.organization)
      const stored = await storeFolder(core, folder, 'products')
      try {
        const previews = demandNames(values.quicklook ?? [], stored.files)
        const row = await publishProduct(core, 'system', {
          organizationId,
          productId: values.id ?? stored.name,
          dataset: { id: dataset, label: values['dataset-label'] ?? dataset },
          properties,
          files: stored.files.map((file) => ({
            ...file,
            dataType: previews.has(file.name) ? 'QUICKLOOK' : 'RAWDATA',
          })),
        })
        const { product_id: productId, urn } = row
        const files = stored.files.length
        print(values.json, { productId, urn, files }, `Published "${productId}": ${urn}`)
      } catch (error) {
        await stored.discard()
        throw error
      }
    })
  },
})

const withdraw = defineCommand({
  description: 'Takes a product back. Orders that hold its files keep them.',
  arguments: [{ name: 'URN', description: 'As `product publish` printed it.', required: true }],
  options: localOptions,
  examples: [
    { command: 'claimcheck product withdraw URN:AIP:DATA:acme:01m80…:V1', description: 'No more.' },
  ],
  async run({ values, positionals: [urn = ''] }) {
    await withInstallation(values, async ({ core }) => {
      await withdrawProduct(core, 'system', urn)
      print(values.json, { urn, withdrawn: true }, 'Withdrawn.')
    })
  },
})

export const product: CommandList = {
  description: 'Products are what accounts find by a query and order.',
  commands: [
    { name: 'publish', summary: 'Publish a folder as a product.', load: async () => publish },
    { name: 'withdraw', summary: 'Take a product back.', load: async () => withdraw },
  ],
}

function readProperties(texts: readonly string[]): Record<string, string[]> {
  const pairs = texts.map((text) => {
    const at = text.indexOf('=')
    if (at > 0) return { name: text.slice(0, at), value: text.slice(at + 1) }
    throw new UsageError(`--property is written NAME=VALUE, not "${text}".`)
  })
  const byName = Map.groupBy(pairs, ({ name }) => name)
  return Object.fromEntries(
    [...byName].map(([name, same]) => [name, same.map(({ value }) => value)]),
  )
}

function demandNames(names: readonly string[], files: readonly { name: string }[]): Set<string> {
  const missing = names.find((name) => files.every((file) => file.name !== name))
  if (missing === undefined) return new Set(names)
  throw new UsageError(`The folder has no file "${missing}" to be a preview.`)
}
