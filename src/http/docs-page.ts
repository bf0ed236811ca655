/** What the page reads of an OpenAPI 3.1 document. */
export interface OpenApiDocument {
  info: { title: string; version: string; description?: string }
  tags?: { name: string; description?: string }[]
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, JsonSchema> }
}

interface Operation {
  tags?: string[]
  summary?: string
  description?: string
  operationId?: string
  parameters?: {
    name: string
    in: string
    required?: boolean
    schema?: JsonSchema
    description?: string
  }[]
  requestBody?: { content?: Record<string, { schema?: JsonSchema }> }
  responses?: Record<
    string,
    { description?: string; content?: Record<string, { schema?: JsonSchema }> }
  >
}

interface JsonSchema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  description?: string
}

interface Placed {
  method: string
  path: string
  operation: Operation
}

/** An OpenAPI document as one page for people, without scripts. */
export function renderDocs(document: OpenApiDocument): string {
  const { info, tags = [] } = document
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Placed => ({ method, path, operation })),
  )
  const chapters = tags
    .map((tag) => ({
      tag,
      placed: all.filter(({ operation }) => operation.tags?.[0] === tag.name),
    }))
    .filter(({ placed }) => placed.length > 0)
  const schemas = Object.entries(document.components?.schemas ?? {})
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(info.title)} API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<nav aria-label="Contents">
<a href="#top"><strong>${text(info.title)} ${text(info.version)}</strong></a>
${chapters.map(({ tag, placed }) => `<h2>${text(tag.name)}</h2>${placed.map(toLink).join('')}`).join('\n')}
<h2>Schemas</h2>${schemas.map(([name]) => `<a href="#schema-${text(name)}">${text(name)}</a>`).join('')}
</nav>
<main id="top">
<h1>${text(info.title)} API</h1>
${prose(info.description)}
<p>For programs: <a href="/openapi.json">openapi.json</a>.</p>
${chapters
  .map(
    ({ tag, placed }) =>
      `<h2>${text(tag.name)}</h2>${prose(tag.description)}${placed.map(toArticle).join('\n')}`,
  )
  .join('\n')}
<h2>Schemas</h2>
${schemas.map(([name, schema]) => toSchemaArticle(name, schema)).join('\n')}
</main>
</body>
</html>
`
}

function toLink({ method, path, operation }: Placed): string {
  return `<a href="#${anchor(method, path)}">${text(operation.summary ?? path)}</a>`
}

function toArticle({ method, path, operation }: Placed): string {
  const { summary, description, parameters = [], requestBody, responses = {} } = operation
  return `<article id="${anchor(method, path)}">
<h3>${text(summary ?? path)}</h3>
<p class="address"><span class="method ${text(method)}">${text(method.toUpperCase())}</span> <code>${text(path)}</code></p>
${prose(description)}
${section(
  'Parameters',
  parameters.map((each) =>
    row(
      each.name,
      `${typeOf(each.schema)} · ${each.in}${each.required ? '' : ', optional'}`,
      each.description ?? each.schema?.description,
    ),
  ),
)}
${section('Body', bodyRows(requestBody))}
${section(
  'Answers',
  Object.entries(responses).map(([status, { description: what, content }]) =>
    row(status, contentType(content), what),
  ),
)}
</article>`
}

function bodyRows(body: Operation['requestBody']): string[] {
  return Object.entries(body?.content ?? {}).flatMap(([mediaType, { schema }]) =>
    schema?.properties === undefined
      ? [row(mediaType, typeOf(schema), schema?.description)]
      : propertyRows(schema),
  )
}

function propertyRows({ properties = {}, required = [] }: JsonSchema): string[] {
  return Object.entries(properties).map(([name, schema]) =>
    row(
      name,
      `${typeOf(schema)}${required.includes(name) ? '' : ', optional'}`,
      schema.description,
    ),
  )
}

function toSchemaArticle(name: string, schema: JsonSchema): string {
  return `<article id="schema-${text(name)}"><h3>${text(name)}</h3>${prose(schema.description)}${section('', propertyRows(schema))}</article>`
}

function section(title: string, rows: readonly string[]): string {
  if (rows.length === 0) return ''
  const heading = title === '' ? '' : `<h4>${text(title)}</h4>`
  return `${heading}<table>${rows.join('')}</table>`
}

/** @param type HTML already */
function row(name: string, type: string, description = ''): string {
  return `<tr><td><code>${text(name)}</code></td><td>${type}</td><td>${inline(description)}</td></tr>`
}

function contentType(content: Record<string, { schema?: JsonSchema }> | undefined): string {
  const [first] = Object.entries(content ?? {})
  if (first === undefined) return '<span class="quiet">no body</span>'
  const [mediaType, { schema }] = first
  return schema === undefined ? text(mediaType) : typeOf(schema)
}

/** The type of a schema, as HTML. */
function typeOf(schema: JsonSchema | undefined): string {
  if (schema === undefined) return ''
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return `<a href="#schema-${text(name)}">${text(name)}</a>`
  }
  const item = schema.properties?.items
  if (item?.items !== undefined) return `page of ${typeOf(item.items)}`
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  if (schema.enum !== undefined) return text(schema.enum.join(' | '))
  const types = [schema.type ?? 'any'].flat().join(' or ')
  return text(schema.format === undefined ? types : `${types} (${schema.format})`)
}

function anchor(method: string, path: string): string {
  return text(`${method}${path.replace(/[^A-Za-z0-9]+/g, '-')}`)
}

function prose(markdown: string | undefined): string {
  return markdown === undefined ? '' : `<p>${inline(markdown)}</p>`
}

/** Text in which back-ticks mark code. */
function inline(markdown: string): string {
  return text(markdown).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function text(plain: string): string {
  return plain.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
