import type { KubeObject, Resource } from '../../kube/types.ts'
import type { KindSchema } from '../kind.ts'
import type { Infer } from '../schema.ts'
import { boolean, integer, object, oneOf } from '../schema.ts'
import { nameRule } from './common.ts'
import { DEFAULTS, EVICTION_POLICIES, LIMITS } from './defaults.ts'
import { API_VERSION } from './group.ts'
import { type SessionStoreStatus, sessionStoreStatus } from './sessionstorestatus.ts'
import { bindings } from './spec/bindings.ts'
import { capacity } from './spec/capacity.ts'
import { config } from './spec/config.ts'
import { durability, durabilityRules } from './spec/durability.ts'
import { engineFields, engineRules } from './spec/engine.ts'
import { failover } from './spec/failover.ts'
import { networkPolicy } from './spec/networkpolicy.ts'
import { persistence, persistenceRules, volumeSizeRule } from './spec/persistence.ts'
import { podTemplate } from './spec/podtemplate.ts'
import { tls, tlsRules, tlsSecretRule } from './spec/tls.ts'

/** Schema of `spec` of a SessionStore. */
export const sessionStoreSpec = object(
  'What the store should be. An empty spec is a valid, production-safe store.',
  {
    ...engineFields,
    replicas: integer(
      'Number of pods; one of them is the primary. With 1 there is no failover. What a write needs of the others is decided by durability.',
      { ...LIMITS.replicas, default: DEFAULTS.replicas, change: 'live' },
    ),
    capacity,
    persistence,
    durability,
    failover,
    eviction: oneOf(
      'What the server removes when its memory is full. With noeviction nobody is logged out silently, but new sessions are refused.',
      EVICTION_POLICIES,
      { defaultText: DEFAULTS.eviction, change: 'live' },
    ),
    tls,
    config,
    networkPolicy,
    podTemplate,
    bindings,
    suspend: boolean('Stops applying changes of this spec. Failover and the renewal of certificates go on.', {
      defaultText: `${DEFAULTS.suspend}`,
      change: 'live',
    }),
  },
  {
    rules: [...engineRules, ...persistenceRules, ...durabilityRules, ...tlsRules],
  },
)

export type SessionStoreSpec = Infer<typeof sessionStoreSpec>
export type SessionStore = KubeObject & Readonly<{ spec: SessionStoreSpec; status?: SessionStoreStatus }>

/** The kind as the API paths know it. */
export const SESSION_STORES: Resource<SessionStore> = {
  apiVersion: API_VERSION,
  kind: 'SessionStore',
  plural: 'sessionstores',
  namespaced: true,
}

/** The kind as its CustomResourceDefinition describes it. */
export const sessionStoreKind: KindSchema = {
  kind: SESSION_STORES.kind,
  plural: SESSION_STORES.plural,
  singular: 'sessionstore',
  shortNames: ['sess'],
  labels: { 'servicebinding.io/provisioned-service': 'true' },
  description:
    'A SessionStore is a replicated Redis or Valkey that holds the sessions of the applications of a namespace.',
  rules: [nameRule, volumeSizeRule, tlsSecretRule],
  spec: sessionStoreSpec,
  status: sessionStoreStatus,
  hasScale: true,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Primary', type: 'string', jsonPath: '.status.primary' },
    { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas' },
    { name: 'Memory', type: 'string', jsonPath: '.status.effective.maxMemory' },
    { name: 'Used', type: 'string', jsonPath: '.status.capacity.used' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}
