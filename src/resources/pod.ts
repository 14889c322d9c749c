import type { ClientAuth, Engine, PersistenceMode, TLSMode } from '../api/v1alpha1/defaults.ts'
import { formatBytes } from '../api/v1alpha1/quantity.ts'
import type { StatefulSet } from '../kube/types.ts'
import { preStopCommand, startCommand } from './commands.ts'
import type { StoreIdentity } from './identity.ts'
import { JOINED_CONDITION } from './labels.ts'
import {
  CLAIM,
  configMapName,
  PORT,
  serviceAccountName,
  tlsSecretName,
  userSecretName,
  usersSecretName,
} from './names.ts'
import { DIRECTORIES, KEYS } from './paths.ts'
import { cpuOf, identityOfPods, type PodTemplateInput, placementOf } from './podtemplate.ts'
import { portName } from './services.ts'
import type { Sizing } from './sizing.ts'

export type PodSpec = NonNullable<NonNullable<StatefulSet['spec']>['template']['spec']>
type Container = PodSpec['containers'][number]
type Volume = NonNullable<PodSpec['volumes']>[number]

/** What the pods of a store are made from; nothing here may depend on the operator's own version (F17). */
export type PodInput = PodTemplateInput &
  Readonly<{
    engine: Engine
    image: string
    tlsMode: TLSMode
    persistence: Readonly<{ mode: PersistenceMode }>
    clientAuth: ClientAuth
    sizing: Sizing
    /** The cluster's DNS domain, e.g. `cluster.local`. */
    clusterDomain: string
    /** Parameters of the spec that only a start can change. */
    parameters?: Readonly<Record<string, string>>
  }>

/** Mounted Secrets are readable by the servers' group only (0440). */
const SECRET_MODE = 0o440

/** What a slow disk still writes and reads. */
const DISK_BYTES_PER_SECOND = 32 * 1024 ** 2

function hasVolume({ persistence }: PodInput): boolean {
  return persistence.mode !== 'None'
}

/** Time for the hand-over of a primary and, where a clean stop writes a snapshot, for that. */
function gracePeriodSeconds({ persistence, sizing }: PodInput): number {
  const snapshotSeconds = Math.ceil(sizing.maxMemoryBytes / DISK_BYTES_PER_SECOND)
  return 30 + (persistence.mode === 'RDB' ? snapshotSeconds : 0)
}

/** Time until the server listens; reading data does not keep it from that, a file system that must be checked may. */
function startSeconds(input: PodInput): number {
  return 60 + (hasVolume(input) ? Math.ceil((2 * input.sizing.maxMemoryBytes) / DISK_BYTES_PER_SECOND) : 0)
}

/** The pod of one member: restricted Pod Security, no token, no dependence on an image's entry point. */
export function buildPodSpec(store: StoreIdentity, input: PodInput): PodSpec {
  const { seccompProfile, ...ids } = identityOfPods(input)
  return {
    serviceAccountName: serviceAccountName(store),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: gracePeriodSeconds(input),
    readinessGates: [{ conditionType: JOINED_CONDITION }],
    securityContext: {
      ...ids,
      // A volume of many files would otherwise be walked through at each start.
      ...(hasVolume(input) && { fsGroupChangePolicy: 'OnRootMismatch' }),
      seccompProfile,
    },
    // With the usual search path a silent DNS blocks a replica's main thread for 20 s at a time.
    dnsConfig: {
      options: [
        { name: 'ndots', value: '1' },
        { name: 'timeout', value: '1' },
        { name: 'attempts', value: '1' },
      ],
    },
    ...placementOf(store, input),
    containers: [buildContainer(store, input)],
    volumes: buildVolumes(store, input),
  }
}

function hasParameters({ parameters = {} }: PodInput): boolean {
  return Object.keys(parameters).length > 0
}

function buildContainer(store: StoreIdentity, input: PodInput): Container {
  const memory = formatBytes(input.sizing.limitBytes)
  const cpu = cpuOf(input)
  return {
    name: 'server',
    image: input.image,
    command: startCommand(store, input),
    // A parameter that the server does not take is named in the last words of its log.
    ...(hasParameters(input) && { terminationMessagePolicy: 'FallbackToLogsOnError' }),
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    ports: [{ name: portName(input.tlsMode), containerPort: PORT, protocol: 'TCP' }],
    resources: {
      requests: { cpu: cpu.request, memory },
      limits: { ...(cpu.limit !== undefined && { cpu: cpu.limit }), memory },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
    // TCP, not PING: a server that loads or is busy answers late, and killing it would make that worse.
    startupProbe: {
      tcpSocket: { port: PORT },
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: startSeconds(input),
    },
    livenessProbe: { tcpSocket: { port: PORT }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    lifecycle: { preStop: { exec: { command: preStopCommand(input) } } },
    volumeMounts: [
      { name: CLAIM, mountPath: DIRECTORIES.data },
      { name: 'config', mountPath: DIRECTORIES.config, readOnly: true },
      { name: 'users', mountPath: DIRECTORIES.users, readOnly: true },
      { name: 'metrics', mountPath: DIRECTORIES.metrics, readOnly: true },
      ...(input.tlsMode === 'Required' ? [{ name: 'tls', mountPath: DIRECTORIES.tls, readOnly: true }] : []),
    ],
  }
}

function buildVolumes(store: StoreIdentity, input: PodInput): readonly Volume[] {
  const metricsItems = [{ key: KEYS.password, path: KEYS.password }]
  return [
    // No sizeLimit: memory is changed in place, and a pod whose full-sync file outgrew an older limit would be evicted.
    ...(hasVolume(input) ? [] : [{ name: CLAIM, emptyDir: {} }]),
    { name: 'config', configMap: { name: configMapName(store) } },
    { name: 'users', secret: { secretName: usersSecretName(store), defaultMode: SECRET_MODE } },
    {
      name: 'metrics',
      secret: { secretName: userSecretName(store, 'metrics'), defaultMode: SECRET_MODE, items: metricsItems },
    },
    ...(input.tlsMode === 'Required'
      ? [{ name: 'tls', secret: { secretName: tlsSecretName(store), defaultMode: SECRET_MODE } }]
      : []),
  ]
}
