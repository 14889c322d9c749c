import type { EffectiveSpec } from '../../../src/api/v1alpha1/effective.ts'
import { effectiveSpec } from '../../../src/api/v1alpha1/effective.ts'
import type { DesiredObject } from '../../../src/kube/types.ts'
import { INTERNAL_USERS } from '../../../src/redis/acl.ts'
import { buildBindingSecret } from '../../../src/resources/bindingsecret.ts'
import type { VolumeInput } from '../../../src/resources/claims.ts'
import { buildConfigMap } from '../../../src/resources/configmap.ts'
import type { BindingIdentity, StoreIdentity } from '../../../src/resources/identity.ts'
import { buildDisruptionBudget } from '../../../src/resources/pdb.ts'
import {
  buildAuthoritySecret,
  buildTlsSecret,
  buildUserSecret,
  buildUsersSecret,
} from '../../../src/resources/secrets.ts'
import { buildServiceAccount } from '../../../src/resources/serviceaccount.ts'
import { buildServices } from '../../../src/resources/services.ts'
import { sizeStore, volumeBytes } from '../../../src/resources/sizing.ts'
import { buildStatefulSet } from '../../../src/resources/statefulset.ts'

/** A store and its resolved spec. */
export type Sample = Readonly<{ store: StoreIdentity; spec: EffectiveSpec }>

/** The store of most tests. */
export const SHOP: StoreIdentity = Object.freeze({
  name: 'shop',
  namespace: 'web',
  uid: '0b9d5a52-6c7e-4d0a-9a39-3c8f7a1e2d10',
  apiVersion: 'sessionstore.dev/v1alpha1',
})

/** The default binding of a store. */
export function bindingOf(store: StoreIdentity): BindingIdentity {
  return { ...store, uid: '5d1f8f0e-8a0b-4c55-b5b8-1c2d3e4f5a6b' }
}

/** What differs most between stores: nothing said, the least that runs, and the most that is asked for. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  minimal: { store: SHOP, spec: effectiveSpec({}) },
  'single-without-tls': {
    store: { ...SHOP, name: 'dev' },
    spec: effectiveSpec({ engine: 'Redis', version: '7.0', replicas: 1, tls: { mode: 'Disabled' } }),
  },
  snapshots: {
    store: { ...SHOP, name: 'kept' },
    spec: effectiveSpec({ capacity: { maxMemory: '2Gi' }, persistence: { mode: 'RDB', retain: 'Delete' } }),
  },
  large: {
    store: { ...SHOP, name: 'a-store-with-a-name-of-forty-characters0' },
    spec: effectiveSpec({
      engine: 'Redis',
      image: 'registry.example/redis:8.0-patched',
      replicas: 9,
      capacity: { sessions: 1_000_000, averageSize: '2Ki', connections: 5000 },
      eviction: 'noeviction',
    }),
  },
}

/** The volumes of a sample that has some. */
function volumesOf({ store, spec }: Sample): Readonly<{ volumes?: VolumeInput }> {
  if (spec.persistence.mode === 'None') return {}
  const sizeBytes = volumeBytes(spec.persistence.mode, sizeStore(spec, spec.replicas).maxMemoryBytes)
  return { volumes: { sizeBytes, storageClassName: 'fast', dataUid: store.uid } }
}

/** Every object that a store and its default binding become, by golden file name. */
export function buildAll({ store, spec }: Sample): Readonly<Record<string, DesiredObject>> {
  const objects: Record<string, DesiredObject> = {
    serviceaccount: buildServiceAccount(store),
    configmap: buildConfigMap(store, 'port 0\n'),
    'secret-users': buildUsersSecret(store, 'user default off\n'),
    statefulset: buildStatefulSet(store, spec, {
      statefulSetReplicas: spec.replicas,
      sizing: sizeStore(spec, spec.replicas),
      staticConfigHash: 'static-config-hash',
      inForce: '{"spec":{}}',
      clusterDomain: 'cluster.local',
      ...volumesOf({ store, spec }),
    }),
    'secret-binding': buildBindingSecret(bindingOf(store), store, {
      username: 'web.shop',
      password: 'binding-password',
      keyPrefix: 'sess:',
      tlsMode: spec.tlsMode,
      ...(spec.tlsMode === 'Required' && { bundlePem: 'bundle\n' }),
    }),
  }
  for (const user of INTERNAL_USERS) {
    objects[`secret-user-${user}`] = buildUserSecret(store, user, { password: `${user}-password` })
  }
  for (const service of buildServices(store, spec)) {
    objects[`service${service.metadata.name.slice(store.name.length)}`] = service
  }
  if (spec.tlsMode === 'Required') {
    const pair = { certificatePem: 'certificate\n', keyPem: 'key\n' }
    const client = { certificatePem: 'client certificate\n', keyPem: 'client key\n' }
    const content = { pair, client, bundlePem: 'bundle\n', revision: '0123', clientAuth: spec.clientAuth }
    objects['secret-tls'] = buildTlsSecret(store, content)
    objects['secret-authority'] = buildAuthoritySecret(store, { certificatePem: 'ca\n', keyPem: 'ca key\n' })
  }
  const budget = buildDisruptionBudget(store, spec.replicas)
  return budget ? { ...objects, pdb: budget } : objects
}

/** The StatefulSet of a sample, for tests that look into it. */
export function statefulSetOf(
  sample: Sample,
  change: Partial<Parameters<typeof buildStatefulSet>[2]> = {},
): DesiredObject {
  const { store, spec } = sample
  return buildStatefulSet(store, spec, {
    statefulSetReplicas: spec.replicas,
    sizing: sizeStore(spec, spec.replicas),
    staticConfigHash: 'static-config-hash',
    inForce: '{"spec":{}}',
    clusterDomain: 'cluster.local',
    ...volumesOf(sample),
    ...change,
  })
}
