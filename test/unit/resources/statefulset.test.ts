import { expect } from 'chai'
import { effectiveSpec } from '../../../src/api/v1alpha1/effective.ts'
import type { SessionStoreSpec } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { StatefulSet } from '../../../src/kube/types.ts'
import { LABELS } from '../../../src/resources/labels.ts'
import { SHOP, statefulSetOf } from './samples.ts'

type Change = Parameters<typeof statefulSetOf>[1]

function setOf(spec: SessionStoreSpec = {}, change: Change = {}): StatefulSet {
  const object: unknown = statefulSetOf({ store: SHOP, spec: effectiveSpec(spec) }, change)
  return object as StatefulSet
}

function templateOf(spec?: SessionStoreSpec, change?: Change): unknown {
  return setOf(spec, change).spec?.template
}

function volumesOf(spec: SessionStoreSpec): readonly (string | undefined)[] {
  return setOf(spec).spec?.template.spec?.volumes?.map((volume) => volume.name) ?? []
}

describe('buildStatefulSet()', () => {
  it('leaves every roll to the operator and starts all members at once', () => {
    expect(setOf().spec).to.deep.include({
      updateStrategy: { type: 'OnDelete' },
      podManagementPolicy: 'Parallel',
      serviceName: 'shop-nodes',
    })
  })

  it('takes the number of pods in force, not the wanted one', () => {
    expect(setOf({ replicas: 5 }, { statefulSetReplicas: 4 }).spec?.replicas).to.equal(4)
  })

  it('a change of what can be set live does not touch the template', () => {
    expect(templateOf({ eviction: 'noeviction' })).to.deep.equal(templateOf({ eviction: 'volatile-lru' }))
    expect(templateOf({ suspend: true })).to.deep.equal(templateOf())
  })

  it('the number of pods alone does not touch the template', () => {
    expect(templateOf({}, { statefulSetReplicas: 9 })).to.deep.equal(templateOf({}, { statefulSetReplicas: 1 }))
  })

  it('a change of the static configuration does', () => {
    expect(templateOf({}, { staticConfigHash: 'other' })).not.to.deep.equal(templateOf())
  })

  it('the template says nothing of roles: labels of a pod are moved, never reset', () => {
    const labels = setOf().spec?.template.metadata?.labels ?? {}

    expect(labels).not.to.have.any.keys(LABELS.role, LABELS.readable)
  })

  it('pins engine, image and TLS mode, and says what it is made from, on the StatefulSet, not on the pods', () => {
    expect(setOf({ image: 'registry.example/valkey:9.1-patched' }).metadata.annotations).to.deep.equal({
      'sessionstore.dev/engine': 'Valkey',
      'sessionstore.dev/image': 'registry.example/valkey:9.1-patched',
      'sessionstore.dev/in-force': '{"spec":{}}',
      'sessionstore.dev/tls-mode': 'Required',
    })
    expect(setOf().spec?.template.metadata?.annotations).to.have.all.keys('sessionstore.dev/config-hash')
  })

  it('mounts whole volumes: a subPath would never be updated', () => {
    expect(JSON.stringify(setOf())).not.to.contain('subPath')
    expect(volumesOf({})).to.deep.equal(['data', 'config', 'users', 'metrics', 'tls'])
  })

  it('mounts no certificate where TLS is off, and the key of the CA never', () => {
    expect(volumesOf({ tls: { mode: 'Disabled' } })).to.deep.equal(['data', 'config', 'users', 'metrics'])
    expect(JSON.stringify(setOf())).not.to.contain('shop-ca')
  })

  it('waits for the operator to say that the member has joined', () => {
    expect(setOf().spec?.template.spec?.readinessGates).to.deep.equal([{ conditionType: 'sessionstore.dev/Joined' }])
  })

  it('memory request and limit are one, and the CPU has no limit', () => {
    const [server] = setOf().spec?.template.spec?.containers ?? []

    expect(server?.resources).to.deep.equal({ requests: { cpu: '50m', memory: '333Mi' }, limits: { memory: '333Mi' } })
  })
})
