import { dirname, join } from 'node:path/posix'

/** Paths below `src/` and what the files hold. */
export type Sources = ReadonlyMap<string, string>

interface Import {
  readonly from: string
  /** A path below `src/`, or a package. */
  readonly to: string
  readonly typeOnly: boolean
  readonly lazy: boolean
}

/** From left to right; an import points to the right, or stays in its own layer. */
const layers: readonly (readonly string[])[] = [
  ['main.ts'],
  ['cli'],
  ['demo'],
  ['client'],
  ['server.ts', 'server'],
  ['upkeep'],
  ['open-installation.ts'],
  ['load-config.ts', 'config-file'],
  ['config.ts'],
  ['apis', 'workers', 'define-config.ts'],
  ['http'],
  ['auth'],
  ['core'],
  ['database', 'storage'],
  [
    'log.ts',
    'package-version.ts',
    's3-address.ts',
    'settings',
    'sibling-module.ts',
    'make-folder.ts',
    'counted.ts',
    'suggest.ts',
  ],
]
/** The server's one reader of the environment, and the client commands', which know nothing of it. */
const readers = new Set(['config.ts', 'cli/client-environment.ts'])
const clientLayer = layers.findIndex((layer) => layer.includes('client'))
const engines = /^(database\/open-|storage\/(disk|s3|encrypted)\.ts$)/
const notInCore = /^(fastify|@fastify\/.*|(node:)?https?|better-sqlite3|pg)$/
/** Each with the line before it. */
const exportedFunctions = /^(?:(.*)\n+)?export (?:async )?function\*? (\w+)/gm
const writes = /\b(?:insertInto|updateTable|deleteFrom|replaceInto)\(\s*'(\w+)'/g
const rawWrites = /\b(?:insert\s+into|update|delete\s+from|replace\s+into)\s+"?(\w+)/gi

/** Every breach of the rules that ARCHITECTURE.md states, one sentence each. */
export function findBreaches(sources: Sources): string[] {
  const imports = [...sources].flatMap(([path, text]) => readImports(path, text))
  return [
    ...imports.flatMap((one) => breachOfArrows(one, imports)),
    ...findCycles(imports),
    ...[...sources].flatMap(([path, text]) => breachesInside(path, text)),
    ...breachesOfOwnership(sources),
  ]
}

export function readImports(path: string, text: string): Import[] {
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?([^'"`;]*?from\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
  return [...stripComments(text).matchAll(pattern)].map(([, type, names = '', named, lazy]) => {
    const to = named ?? lazy ?? ''
    const listed = /^\s*\{([^}]*)\}\s*from/.exec(names)?.[1]?.split(',') ?? []
    const given = listed.filter((name) => name.trim() !== '')
    const onlyTypes = given.length > 0 && given.every((name) => /^\s*type\s/.test(name))
    return {
      from: path,
      to: to.startsWith('.') ? join(dirname(path), to) : to,
      typeOnly: type !== undefined || onlyTypes,
      lazy: lazy !== undefined,
    }
  })
}

function breachOfArrows(one: Import, imports: readonly Import[]): string[] {
  const { from, to } = one
  const [left, right] = [layerOf(from), layerOf(to)]
  const breaches: string[] = []
  if (left === -1) breaches.push(`${from} is in no layer`)
  if (/^core\//.test(from) && notInCore.test(to)) breaches.push(`${from} imports ${to}`)
  if (engines.test(to) && from !== 'open-installation.ts' && !isSameFolder(from, to)) {
    breaches.push(`${from} imports the engine ${to}`)
  }
  if (right !== -1) {
    const backwards = left > right && !isVocabulary(to, imports)
    if (backwards || (left === right && areDivided(placeOf(from), placeOf(to)))) {
      breaches.push(`${from} imports ${to} against the arrows`)
    }
  }
  if (left === clientLayer && right !== -1 && placeOf(to) !== 'client') {
    breaches.push(`${from} imports ${to}: the client has nothing of the server`)
  }
  if (isForBrowsers(from) && (/^client\/files\//.test(to) || right === -1)) {
    breaches.push(`${from} imports ${to}, which browsers do not have`)
  }
  if (
    /^client\/files\//.test(from) &&
    right === -1 &&
    !/^node:(fs\/promises|fs|path|crypto|os|worker_threads|net|tls|stream|zlib)$/.test(to)
  ) {
    breaches.push(`${from} imports ${to}, which not every runtime has`)
  }
  const [api, otherApi] = [from, to].map((path) => /^apis\/([^/]+)\//.exec(path)?.[1])
  if (api !== undefined && otherApi !== undefined && api !== otherApi) {
    breaches.push(`${from} imports ${to}, a sibling`)
  }
  return breaches
}

/** What `claimcheck/client` exports needs web standards alone; `client/files/` writes files. */
function isForBrowsers(path: string): boolean {
  return /^client\/(?!files\/)/.test(path)
}

/**
 * Files of the server that are loaded as soon as one of the entries is, each with the one that loads
 * it; lazy imports count from the entries that are named here.
 */
export function loadsOfServer(sources: Sources, entries: readonly string[]): string[] {
  const found: string[] = []
  const seen = new Set<string>(entries)
  for (const path of seen) {
    for (const { to, typeOnly, lazy } of readImports(path, sources.get(path) ?? '')) {
      if (typeOnly || lazy || seen.has(to)) continue
      if (sources.has(to)) seen.add(to)
      const isOfServer = sources.has(to) ? !clientSide.test(to) : !to.startsWith('node:')
      if (isOfServer) found.push(`${path} loads ${to}`)
    }
  }
  return found
}

/** What a client command may load: it needs no package either. */
const clientSide = /^(?:main\.ts|cli\/.*|client\/.*|suggest\.ts|counted\.ts|package-version\.ts)$/

/** The seams may use the core's own words: files of `core/` that import nothing of ours. */
function isVocabulary(path: string, imports: readonly Import[]): boolean {
  return /^core\//.test(path) && !imports.some(({ from, to }) => from === path && /\.ts$/.test(to))
}

function placeOf(path: string): string {
  return path.split('/')[0] ?? path
}

function layerOf(path: string): number {
  return layers.findIndex((layer) => layer.includes(placeOf(path)))
}

/** Of a layer's folders none may use another; single files beside them are for all. */
function areDivided(place: string, other: string): boolean {
  return place !== other && !place.endsWith('.ts') && !other.endsWith('.ts')
}

function isSameFolder(from: string, to: string): boolean {
  return dirname(from) === dirname(to)
}

function findCycles(imports: readonly Import[]): string[] {
  const next = Map.groupBy(imports, ({ from }) => from)
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push(`a cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
    } else if (!done.has(path)) {
      for (const { to } of next.get(path) ?? []) visit(to, [...trail, path])
      done.add(path)
    }
  }
  for (const path of next.keys()) visit(path, [])
  return cycles
}

function breachesInside(path: string, text: string): string[] {
  const code = stripComments(text)
  const breaches: string[] = []
  if (!readers.has(path) && /\bprocess\s*\.\s*env\b|['"](node:)?process['"]/.test(code)) {
    breaches.push(`${path} reads the environment`)
  }
  const lines = text.trimEnd().split('\n').length
  if (lines > 300) breaches.push(`${path} has ${lines} lines`)
  for (const [, before = '', name] of text.matchAll(exportedFunctions)) {
    if (!before.endsWith('*/')) breaches.push(`${path} does not say what ${name} promises`)
  }
  const withoutStrings = code.replaceAll(/'[^'\n]*'|"[^"\n]*"/g, "''")
  if (/(?:[:<|&,(=]|\bas)\s*any\b\s*(?:[>,;)|&[\]=}]|$)/m.test(withoutStrings)) {
    breaches.push(`${path} says any`)
  }
  return breaches
}

/** Each table is written by one file of `core/`; migrations make tables and may fill them. */
function breachesOfOwnership(sources: Sources): string[] {
  const list = /interface Tables \{([^}]*)\}/.exec(sources.get('database/tables.ts') ?? '')?.[1]
  const tables = new Set([...(list ?? '').matchAll(/^\s*(\w+):/gm)].map(([, name]) => name))
  const writers = new Map<string, Set<string>>()
  for (const [path, text] of sources) {
    if (path.startsWith('database/migrations/')) continue
    const code = stripComments(text)
    for (const [, table = ''] of [...code.matchAll(writes), ...code.matchAll(rawWrites)]) {
      if (tables.has(table)) writers.set(table, (writers.get(table) ?? new Set()).add(path))
    }
  }
  return [...writers].flatMap(([table, files]) => [
    ...(files.size > 1 ? [`the table ${table} is written by ${[...files].join(' and ')}`] : []),
    ...[...files]
      .filter((file) => !file.startsWith('core/'))
      .map((file) => `the table ${table} is written by ${file}, outside core/`),
  ])
}

function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
