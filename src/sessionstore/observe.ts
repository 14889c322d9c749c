import { DEFAULTS } from '../api/v1alpha1/defaults.ts'
import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { formatBytes } from '../api/v1alpha1/quantity.ts'
import type { SessionStore, SessionStoreSpec } from '../api/v1alpha1/sessionstore.ts'
import { BY_STORE, type Caches } from '../caches.ts'
import type { NamedWatches } from '../kube/namedwatches.ts'
import { keyOf, type Pod, type StatefulSet } from '../kube/types.ts'
import { liveSettings, renderServerConfig, staticConfig } from '../redis/serverconfig.ts'
import type { ProbeFacts, ServerSettings } from '../redis/types.ts'
import type { VolumeInput } from '../resources/claims.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { buildPodSpec, type PodInput } from '../resources/pod.ts'
import { cpuClassOf } from '../resources/podtemplate.ts'
import { type Sizing, sizeStore } from '../resources/sizing.ts'
import { readBindings, type StoreBindings } from './bindings.ts'
import { readConfig } from './config.ts'
import { type Credentials, hashPrepared, readCredentials } from './credentials.ts'
import { canonical, pinnedSpec, rawSpecInForce } from './inforce.ts'
import { readMembers } from './members.ts'
import type { StoreMemory } from './memory.ts'
import type { ConfigPlan } from './plan/config.ts'
import { isReached, type TopologyFacts } from './plan/facts.ts'
import type { Obstacle } from './plan/obstacles.ts'
import type { PodTrouble } from './plan/podobstacles.ts'
import { memoryInForce, serverConfigInput } from './plan/server.ts'
import { type VolumeFacts, volumesInForce } from './plan/volumes.ts'
import { grantedBytesOf, templateLimitBytes } from './podmemory.ts'
import { readTroubles } from './podtrouble.ts'
import { isPodOf, type Kept, readStatefulSet } from './replaced.ts'
import { decideRoll } from './rolltarget.ts'
import { rollTroubles } from './rolltroubles.ts'
import { observeRuns } from './runs.ts'
import { type CertificateState, readCertificateState } from './source.ts'
import { isSpread } from './spread.ts'
import { readTopologyFacts } from './topologyfacts.ts'
import { readVolumes } from './volumes.ts'

/** What observe asks of the data plane. */
export type MemberProbes = Readonly<{
  facts(member: string): ProbeFacts
  lastHeardMs(member: string): number
  degradedSinceMs: number | undefined
}>

/** Everything one pass of a reconcile knows; built once, never changed. */
export type Snapshot = Readonly<{
  store: SessionStore
  identity: StoreIdentity
  spec: EffectiveSpec
  sizing: Sizing
  /** Absent: sessions are in memory only. */
  volumes?: VolumeInput
  volumeFacts?: VolumeFacts
  nowMs: number
  credentials: Credentials
  bindings: StoreBindings
  statefulSet?: StatefulSet
  /** The StatefulSet is being replaced. */
  kept?: Kept
  pods: readonly Pod[]
  /** What keeps pods from serving. */
  troubles: readonly PodTrouble[]
  facts: TopologyFacts
  /** Parameters to assert on every member now. */
  settings: ServerSettings
  /** Those of `spec.config`. */
  config: ConfigPlan
  configText: string
  staticConfigHash: string
  operatorNamespace?: string
  /** Namespaces of the bindings of the store. */
  bindingNamespaces: readonly string[]
  /** What the StatefulSet should say it is made from. */
  inForce: string
  /** False: the operator may not watch Nodes. */
  areNodesWatched: boolean
  /** What there is of the certificate that servers are to present. */
  certificate: CertificateState
  /** Servers and bindings have what the TLS Secret holds. */
  isSpread: boolean
  clusterDomain: string
  /** Why the template that is asked for is not rolled out. */
  refusedRoll?: Obstacle
  /** No primary was ever newer than this. */
  minVersion?: string
  /** The template that is asked for is not on the StatefulSet yet, or its controller has not seen it: no pod is told outdated. */
  isTemplateAwaited: boolean
  /** maxmemory cannot reach its goal yet: why. */
  pending?: string
}>

export type ObserveInputs = Readonly<{
  store: SessionStore
  caches: Caches
  probes: MemberProbes
  memory: StoreMemory
  /** The objects of others that stores refer to. */
  named: Pick<NamedWatches, 'get'>
  clusterDomain: string
  /** Namespace of the operator's own pods; absent: it does not run in one. */
  operatorNamespace?: string
  /** The time of day. */
  nowMs: number
  /** On the clock of the probes, which nobody sets. */
  steadyMs: number
}>

/** Puts together what caches and probes know of one store; reads nothing from the API server. */
export function observe(inputs: ObserveInputs): Snapshot {
  const { store, caches, nowMs, clusterDomain } = inputs
  const identity = identityOf(store)
  const { statefulSet, kept } = readStatefulSet(caches, identity)
  const bindings = readBindings(caches, store)
  const labelled = caches.pods.byIndex(BY_STORE, keyOf({ metadata: identity }))
  const pods = labelled.filter((pod) => isPodOf(pod, statefulSet, kept))
  const troubles = pods.flatMap((pod) => readTroubles(pod, inputs.memory.nodeOf(caches, pod), nowMs))
  const facts = (member: string): ProbeFacts => inputs.probes.facts(member)
  const roll = decideRoll({
    raw: rawSpecInForce(store, statefulSet),
    statefulSet,
    pods,
    ...rollTroubles({ pods, troubles, facts, nowMs, engine: store.spec.engine ?? DEFAULTS.engine }),
    resolve: (raw) => pinnedSpec(raw, statefulSet),
    render(raw) {
      const spec = { ...pinnedSpec(raw, statefulSet), bindings: bindings.policy }
      const sizing = sizeStore(spec, spec.replicas)
      const credentials = readCredentials(caches, identity, { spec, bindings })
      const config = serverConfigInput(spec, sizing, credentials.served?.clientAuth ?? spec.clientAuth)
      const parameters = readConfig({ spec, statefulSet, pods, facts, memory: inputs.memory.config })
      const { restart } = parameters.state
      // The hook of a store that asks for certificates differs, and no pod is replaced for that.
      const pod = { ...spec, clientAuth: 'None' as const, sizing, clusterDomain, parameters: restart }
      const rendered = hashPrepared([staticConfig(config), fixedPodSpec(identity, pod)])
      return { raw: withParameters(raw, restart), spec, sizing, credentials, config, parameters, rendered }
    },
  })
  const { spec, sizing, credentials, config, parameters, hash: staticConfigHash } = roll
  const volumeFacts = readVolumes(spec, { ...inputs, identity, sizing, statefulSet })
  const template = {
    configHash: staticConfigHash,
    isObserved: isTemplateObserved(statefulSet, staticConfigHash),
    limitBytes: templateLimitBytes(statefulSet),
  }
  const observed = { ...inputs, nowMs: inputs.steadyMs, facts, identity, statefulSet, pods, template }
  const members = readMembers(observed)
  const maxMemoryBytes = memoryInForce({
    goalBytes: sizing.maxMemoryBytes,
    goalLimitBytes: sizing.limitBytes,
    members: members.filter(isReached).map((member) => member.probe),
    limitsBytes: pods.map(grantedBytesOf),
  })
  const settings = liveSettings({ ...config, maxMemoryBytes })
  const { users, logins } = credentials
  const preparedHash = hashPrepared([users, settings, parameters.settings, logins.replication?.passwords[0] ?? ''])
  const volumes = volumeFacts && volumesInForce(volumeFacts)
  const dataUid = volumes?.dataUid ?? identity.uid
  const base = { store, dataUid, statefulSet, spec, members, preparedHash, ...observeRuns(observed) }
  const certificate = readCertificateState({ ...inputs, identity, spec })
  return {
    store,
    identity,
    spec,
    sizing,
    ...(volumeFacts && { volumeFacts }),
    ...(volumes && { volumes }),
    nowMs,
    credentials,
    bindings,
    ...(statefulSet && { statefulSet }),
    ...(kept && { kept }),
    pods,
    troubles,
    facts: readTopologyFacts(inputs, base),
    settings,
    config: parameters,
    configText: renderServerConfig(config),
    staticConfigHash,
    ...(inputs.operatorNamespace !== undefined && { operatorNamespace: inputs.operatorNamespace }),
    bindingNamespaces: bindings.namespaces,
    areNodesWatched: !caches.nodes.isUnavailable,
    inForce: canonical(roll.inForce),
    ...(roll.obstacle && { refusedRoll: roll.obstacle }),
    ...(roll.minVersion !== undefined && { minVersion: roll.minVersion }),
    isTemplateAwaited: !template.isObserved,
    certificate,
    isSpread: isSpread({ spec, credentials, members }),
    clusterDomain,
    ...describePending(maxMemoryBytes, sizing, parameters),
  }
}

/** Of `config` the template has only what a server was asked about: what is merely wanted must not pass for applied. */
function withParameters({ config: _, ...raw }: SessionStoreSpec, restart: Readonly<Record<string, string>>) {
  return Object.keys(restart).length > 0 ? { ...raw, config: restart } : raw
}

/** The pod's template without its memory and CPU, which are changed in place, and what only follows from the memory. */
function fixedPodSpec(identity: StoreIdentity, input: PodInput): unknown {
  const spec = buildPodSpec(identity, input)
  const containers = spec.containers.map(({ resources: _, ...container }) => container)
  const cpu = cpuClassOf(input)
  if (input.persistence.mode === 'None') return { ...spec, containers, ...(cpu && { cpu }) }
  const { terminationGracePeriodSeconds: _, ...rest } = spec
  return { ...rest, ...(cpu && { cpu }), containers: containers.map(({ startupProbe: __, ...container }) => container) }
}

function isTemplateObserved(statefulSet: StatefulSet | undefined, configHash: string): boolean {
  if (!statefulSet) return false
  const { metadata, spec, status } = statefulSet
  const annotations = spec?.template.metadata?.annotations ?? {}
  return status?.observedGeneration === metadata.generation && annotations[ANNOTATIONS.configHash] === configHash
}

export function identityOf({ metadata, apiVersion }: SessionStore): StoreIdentity {
  const { name, namespace = '', uid = '' } = metadata
  return { name, namespace, uid, apiVersion }
}

function describePending(maxMemoryBytes: number, { maxMemoryBytes: goal }: Sizing, { untried }: ConfigPlan) {
  const [now, then] = [formatBytes(maxMemoryBytes), formatBytes(goal)]
  if (maxMemoryBytes > goal)
    return {
      pending: `more is stored than spec.capacity is for, and nothing is removed for a smaller value: maxmemory stays at ${now} until what is stored fits ${then}`,
    }
  if (maxMemoryBytes < goal)
    return { pending: `maxmemory goes from ${now} to ${then} as soon as every container has its new memory limit` }
  return untried.length > 0 ? { pending: `parameters are tried on one member first: ${untried.join(', ')}` } : {}
}
