import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { type Environment, readSettings } from '../../src/config.ts'
import { settingTable } from '../../src/settings/setting-table.ts'
import { newKey } from '../support/keys.ts'

interface Container {
  image: string
  env?: { name: string; value: string }[]
  securityContext: Record<string, unknown>
  [probe: string]: unknown
}

interface Manifest {
  kind?: string
  metadata?: { name: string }
  stringData?: Record<string, string>
  spec?: { template?: { spec: { securityContext: object; containers: Container[] } } }
  services?: Record<
    string,
    {
      environment?: Record<string, string>
      read_only?: boolean
      sysctls?: Record<string, number>
    }
  >
}

describe('the files to deploy by', () => {
  it('are YAML', () => {
    const paths = globSync('deploy/**/*.yaml')
    assert.ok(paths.length >= 5)
    for (const path of paths) assert.ok(read(path).length > 0, path)
  })

  it('name settings that there are', () => {
    const known = new Set<string>(Object.values(settingTable).map(({ name }) => name))
    for (const path of [
      'Dockerfile',
      'deploy/Caddyfile',
      ...globSync('deploy/**/*.*'),
      'docs/operating.md',
    ]) {
      for (const [name] of readFileSync(path, 'utf8').matchAll(/\bCLAIMCHECK_[A-Z0-9_]+/g)) {
        assert.ok(known.has(name), `${path} speaks of ${name}`)
      }
    }
  })

  it('give Kubernetes settings that the server takes, and no rights', () => {
    const manifests = read('deploy/kubernetes/claimcheck.yaml')
    const kinds = manifests.map(({ kind }) => kind)
    assert.deepEqual(kinds, ['Deployment', 'ConfigMap', 'Service', 'PodDisruptionBudget'])
    const pod = manifests[0]?.spec?.template?.spec
    const container = pod?.containers[0]
    assert.ok(pod && container)
    const secret = read('deploy/kubernetes/secret.example.yaml')[0]?.stringData ?? {}
    const settings = readSettings({
      ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])),
      ...secret,
      ...keys,
    })
    assert.equal(settings.database.engine, 'postgres')
    assert.equal(settings.storage.engine, 's3')
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    for (const [probe, path] of [
      ['startupProbe', '/healthz'],
      ['livenessProbe', '/healthz'],
      ['readinessProbe', '/readyz'],
    ] as const) {
      assert.deepEqual((container[probe] as { httpGet: object }).httpGet, { path, port: 'http' })
    }
  })

  it('give compose settings that the server takes', () => {
    const { services = {} } = read('deploy/compose.yaml')[0] ?? {}
    const { environment = {}, read_only: isReadOnly } = services.claimcheck ?? {}
    const filled = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [
        name,
        value.replace(/\$\{PUBLIC_HOST:\?\}/, 'files.example').replace(/\$\{\w+:\?\}/, 'filled'),
      ]),
    )
    const settings = readSettings({ ...filled, ...keys })
    assert.equal(settings.publicUrl, 'https://files.example')
    assert.equal(isReadOnly, true)
    for (const name of ['claimcheck', 'proxy']) {
      const { sysctls } = services[name] ?? {}
      assert.deepEqual(sysctls, { 'net.ipv4.tcp_notsent_lowat': 131_072 }, name)
    }
  })
})

const keys: Environment = {
  CLAIMCHECK_SIGNING_KEYS: newKey('test'),
  CLAIMCHECK_MASTER_KEYS: newKey('test'),
}

function read(path: string): Manifest[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { merge: true }).map((document) => {
    assert.ok('errors' in document)
    assert.deepEqual(document.errors, [], path)
    return document.toJS() as Manifest
  })
}
