import { effectiveSpec } from '../../../src/api/v1alpha1/effective.ts'
import type { SessionBindingSpec } from '../../../src/api/v1alpha1/sessionbinding.ts'
import type { SessionStoreSpec } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { StoreOperation } from '../../../src/api/v1alpha1/sessionstorestatus.ts'

/** Only has to compile: each block pins what inference from the schema must and must not allow. */
describe('Infer', () => {
  it('gives literal unions, optional fields and numbers or texts for quantities', () => {
    const empty: SessionStoreSpec = {}
    const full: SessionStoreSpec = {
      engine: 'Redis',
      version: '8.0',
      image: 'docker.io/library/redis:8.0',
      replicas: 1,
      capacity: { sessions: 1, averageSize: '1Ki', maxMemory: 67108864, connections: 5 },
      eviction: 'noeviction',
      persistence: { mode: 'AOF', size: '2Gi', storageClassName: 'fast', retain: 'Delete', adoptVolumes: true },
      tls: { mode: 'Disabled' },
      suspend: true,
    }
    effectiveSpec(empty)
    effectiveSpec({ ...full, capacity: {} })

    // @ts-expect-error a word that is not in the list
    const wrongWord: SessionStoreSpec = { engine: 'Memcached' }
    // @ts-expect-error a field that does not exist
    const unknownField: SessionStoreSpec = { persistance: {} }
    // @ts-expect-error a number where a text is wanted
    const wrongType: SessionStoreSpec = { version: 9.1 }
    // @ts-expect-error everything is readonly
    full.replicas = 2
    void [wrongWord, unknownField, wrongType]
  })

  it('makes required fields required, nested ones too', () => {
    const binding: SessionBindingSpec = { storeRef: { name: 'shop' } }
    // @ts-expect-error storeRef is required
    const withoutStore: SessionBindingSpec = { keyPrefix: 'a:' }
    // @ts-expect-error storeRef.name is required
    const withoutName: SessionBindingSpec = { storeRef: {} }
    // @ts-expect-error startedAt is required
    const withoutTime: StoreOperation = { kind: 'Move', epoch: 1, candidate: 'a-0' }
    void [binding, withoutStore, withoutName, withoutTime]
  })
})
