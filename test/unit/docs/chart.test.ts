import { expect } from 'chai'
import { parse, parseAllDocuments } from 'yaml'
import { bodyOf, MANIFEST_PATH, operatorManifest } from '../../../hack/generate/manifests.ts'
import { read } from './files.ts'

type Rule = Readonly<{ apiGroups: readonly string[]; resources: readonly string[]; verbs: readonly string[] }>
type Manifest = Readonly<{ kind: string; metadata: Readonly<{ name: string }>; rules?: readonly Rule[] }>

const manifest = read(MANIFEST_PATH)
const objects: readonly Manifest[] = parseAllDocuments(bodyOf(manifest)).map((document) => document.toJS())

describe('charts/sessionstore-operator', () => {
  it('has the version of the package', () => {
    const { version } = JSON.parse(read('package.json'))

    const chart = parse(read('charts/sessionstore-operator/Chart.yaml'))

    expect(chart).to.include({ version, appVersion: version })
  })

  it('has its plain manifest rendered from what it is now', async () => {
    expect(manifest).to.equal(await operatorManifest(), 'run "npm run generate"')
  })

  it('describes each value that it has, and no other', () => {
    const values = parse(read('charts/sessionstore-operator/values.yaml'))

    const schema = JSON.parse(read('charts/sessionstore-operator/values.schema.json'))

    expect(Object.keys(schema.properties).filter((name) => name !== 'global')).to.have.members(Object.keys(values))
  })
})

describe(MANIFEST_PATH, () => {
  const rules = objects.flatMap((object) => object.rules ?? [])

  it('grants nothing by a wildcard', () => {
    const wild = rules.filter((rule) => [rule.apiGroups, rule.resources, rule.verbs].some((list) => list.includes('*')))

    expect(wild).to.deep.equal([])
  })

  it('lets the operator neither escalate nor impersonate nor delete what holds data', () => {
    const operator = objects.find(
      ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'sessionstore-operator',
    )
    const deletable = operator?.rules?.filter((rule) => rule.verbs.includes('delete')).flatMap((rule) => rule.resources)

    // A StatefulSet holds no data, and is deleted without its pods; volumes are never deleted.
    expect(deletable).to.have.members([
      'pods',
      'poddisruptionbudgets',
      'networkpolicies',
      'sessionbindings',
      'statefulsets',
    ])
    expect(rules.flatMap((rule) => rule.verbs)).to.not.include.members(['escalate', 'impersonate', 'bind'])
  })

  it('begins with the Namespace, and has each kind of the operator', () => {
    expect(objects[0]).to.include({ kind: 'Namespace' })
    expect(objects.map(({ kind }) => kind)).to.include.members(['CustomResourceDefinition', 'Deployment', 'Role'])
  })
})
