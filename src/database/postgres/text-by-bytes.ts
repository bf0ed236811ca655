import {
  type ColumnDefinitionNode,
  DataTypeNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type QueryResult,
  RawNode,
  type UnknownRow,
} from 'kysely'

/**
 * Makes text columns that are ordered by their bytes, as SQLite orders them, whatever the language
 * of the database: pages continue behind the last text, and an index finds what begins with one.
 */
export const textByBytes: KyselyPlugin = {
  transformQuery: ({ node }) => transformer.transformNode(node),
  transformResult: async ({ result }): Promise<QueryResult<UnknownRow>> => result,
}

class TextByBytes extends OperationNodeTransformer {
  protected override transformColumnDefinition(node: ColumnDefinitionNode): ColumnDefinitionNode {
    const { dataType, ...rest } = super.transformColumnDefinition(node)
    const isText = DataTypeNode.is(dataType) && dataType.dataType === 'text'
    return { ...rest, dataType: isText ? RawNode.createWithSql('text collate "C"') : dataType }
  }
}

const transformer = new TextByBytes()
