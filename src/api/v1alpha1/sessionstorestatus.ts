import type { Infer } from '../schema.ts'
import { boolean, duration, integer, list, map, object, oneOf, quantity, required, string, time } from '../schema.ts'
import { bindingReference, conditions, observedGeneration } from './common.ts'
import {
  BINDING_SOURCES,
  CLIENT_AUTHS,
  DEGRADED_MODES,
  DURABILITY_MODES,
  ENGINES,
  EVICTION_POLICIES,
  FAILOVER_MODES,
  LIMITS,
  NETWORK_POLICY_MODES,
  PERSISTENCE_MODES,
  RETAIN_POLICIES,
  TENANCIES,
  TLS_MODES,
  UPGRADE_POLICIES,
} from './defaults.ts'

const podName = { maxLength: 63 } as const
const address = { maxLength: 253 } as const

const EFFECTIVE =
  'Values that the operator works with, defaults resolved. Not shown are podTemplate, suspend, persistence.adoptVolumes, bindings.default, bindings.selector and networkPolicy.allowFrom.'

const effective = object(EFFECTIVE, {
  engine: oneOf('Server program.', ENGINES),
  version: string('Version of the engine.', { maxLength: 16 }),
  image: string('Container image of the server.', { maxLength: 512 }),
  upgradePolicy: oneOf('Whether a newer operator may change the version.', UPGRADE_POLICIES),
  replicas: integer('Number of pods.'),
  maxMemory: quantity('Memory for data, the maxmemory of the server.'),
  memoryLimit: quantity('Memory limit and request of the server container.'),
  connections: integer('Number of client connections.'),
  eviction: oneOf('Eviction policy of the server.', EVICTION_POLICIES),
  persistence: object('Whether sessions are on volumes too.', {
    mode: oneOf('How sessions are written to the volumes.', PERSISTENCE_MODES),
    size: quantity('Size that the volumes were given; a larger one of the spec is here once it can be had.'),
    storageClassName: string('StorageClass of the volumes.', { maxLength: 253 }),
    retain: oneOf('What becomes of the volumes when the store is deleted.', RETAIN_POLICIES),
  }),
  tls: object('Encryption of connections.', {
    mode: oneOf('Whether connections use TLS.', TLS_MODES),
    secretName: string('Secret that the served certificate comes from.', { maxLength: 253 }),
    issuerRef: object('Issuer that makes the served certificate.', {
      name: string('Name of the issuer.', { maxLength: 253 }),
      kind: string('Kind of the issuer.', { maxLength: 63 }),
      group: string('API group of the issuer.', { maxLength: 253 }),
    }),
    clientAuth: oneOf('Whether clients must show a certificate.', CLIENT_AUTHS),
  }),
  config: map('Parameters of the spec that are in force.', string('Value.', { maxLength: LIMITS.config.valueLength }), {
    maxProperties: LIMITS.config.entries,
  }),
  networkPolicy: object('Who may connect to the servers.', {
    mode: oneOf('Whether a NetworkPolicy limits it.', NETWORK_POLICY_MODES),
  }),
  bindings: object('Who may have a login.', {
    tenancy: oneOf('Whether several namespaces may use the store.', TENANCIES),
    from: oneOf('Namespaces whose bindings are admitted beside that of the store.', BINDING_SOURCES),
  }),
  durability: object('How an acknowledged write is protected.', {
    mode: oneOf(
      'Async: by nothing. Bounded: the primary refuses writes when no replica keeps up. Majority: when less than half of the members do.',
      DURABILITY_MODES,
    ),
    maxLag: duration('How far behind a replica may be and still count as keeping up.'),
    whenDegraded: oneOf('What happens when the primary lost its replicas.', DEGRADED_MODES),
  }),
  failover: object('When a silent primary is replaced.', {
    mode: oneOf('Who decides that it is replaced.', FAILOVER_MODES),
    downAfter: duration('How long a primary must be silent before it is suspected.'),
  }),
})

const member = object('One server of the store.', {
  name: required(string('Name of the pod.', podName)),
  role: oneOf('What the server itself says it is; Unjoined is a server that waits for the operator to tell it.', [
    'Primary',
    'Replica',
    'Unjoined',
    'Unknown',
  ]),
  ready: boolean('Whether the member serves: the primary takes writes, a replica is linked to the primary.'),
  zone: string('Zone of the node the pod runs on.', { maxLength: 63 }),
})

const lastFailover = object('The last unplanned change of the primary.', {
  time: time('When the new primary was promoted.'),
  reason: string('Why the old primary was replaced.', { maxLength: 64 }),
  from: string('Pod that was the primary.', podName),
  to: string('Pod that became the primary.', podName),
  downtime: duration('From the first failed probe of the old primary to the first accepted write of the new one.'),
  lostBytes: integer('Bytes of the replication stream that the old primary had and the new one did not.', {
    minimum: 0,
  }),
})

const capacity = object('Memory of the primary, to two digits. It follows the server within minutes.', {
  used: quantity('Memory that counts against max: sessions, connections and the whole replication backlog.'),
  max: quantity('Memory for data that is in force, the maxmemory of the server.'),
  limit: quantity('Memory limit of the server container.'),
  recommended: quantity('Value for capacity.maxMemory with which the store would be used to 70 %.'),
})

/** An act that was decided and not yet finished; a new leader finishes it before anything else. */
export const storeOperation = object('A dangerous act that was decided and is not finished yet.', {
  kind: required(oneOf('The act.', ['Bootstrap', 'Failover', 'Move', 'ScaleIn'])),
  epoch: required(integer('Epoch that the store has after the act.', { minimum: 0 })),
  candidate: required(string('Pod that is the primary after the act.', podName)),
  candidateRunID: string('Run of its server that was chosen.', { maxLength: 64 }),
  from: string('Pod that was the primary before the act.', podName),
  startedAt: required(time('When the act was decided.')),
  reason: string('Why the act was decided.', { maxLength: 64 }),
})

/** Schema of `status` of a SessionStore. */
export const sessionStoreStatus = object('What the store is, as last observed.', {
  observedGeneration,
  conditions,
  effective,
  image: string('Container image that the servers run.', { maxLength: 512 }),
  primary: string('Pod that is the primary.', podName),
  epoch: integer('Counts the primaries of this store; a copy of the record that is kept with the data.', {
    minimum: 0,
  }),
  members: list('The servers of the store.', member, { maxItems: 32, mapKey: 'name' }),
  endpoints: object('Addresses of the Services, as host:port.', {
    primary: string('For everything that writes, so for every application.', address),
    replicas: string('For reports that may read stale data.', address),
  }),
  certificate: object('The certificate that the servers present.', {
    notAfter: time('When it expires.'),
  }),
  lastFailover,
  operation: storeOperation,
  quorum: object('The fence of the store.', {
    n: integer('Number of members.', { minimum: 0 }),
    w: integer('Number of replicas that must keep up for a write to be accepted.', { minimum: 0 }),
  }),
  capacity,
  minVersion: string('Version of the newest primary that the store ever had; an older one could not read its data.', {
    maxLength: 16,
  }),
  replicas: integer('Number of pods that exist.', { minimum: 0 }),
  selector: string('Selects the pods of the servers, for autoscalers.', { maxLength: 253 }),
  binding: bindingReference,
})

export type SessionStoreStatus = Infer<typeof sessionStoreStatus>
export type EffectiveStatus = Infer<typeof effective>
export type MemberStatus = Infer<typeof member>
export type CapacityStatus = Infer<typeof capacity>
export type LastFailover = Infer<typeof lastFailover>
export type StoreOperation = Infer<typeof storeOperation>
