import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import type { LogLevel } from './observability/log.ts'

/** Where a server listens; `host` undefined: all addresses. */
export type Address = Readonly<{ host?: string; port: number }>

/** Flags and environment of `operator run`, read once; nothing is optional after it but what may be absent in the world. */
export type OperatorConfig = Readonly<{
  /** Path; absent: the pod's ServiceAccount, else the default kubeconfig. */
  kubeconfig?: string
  leaseName: string
  leaseNamespace: string
  healthAddress: Address
  metricsAddress: Address
  /** DNS domain of the cluster, without dots at its ends. */
  clusterDomain: string
  logLevel: LogLevel
  /** Stores reconciled at the same time. */
  workers: number
  /** Unique per process: the holder of the lease. */
  identity: string
  podName: string
  /** Namespace of the operator's pod; absent: it does not run in one. */
  podNamespace?: string
}>

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Adds the flags of `operator run` to a command. */
export function addOperatorFlags(command: Command): Command {
  return command
    .option('--kubeconfig <path>', 'how to reach the API server (default: the ServiceAccount of the pod)')
    .option('--lease-name <name>', 'Lease of the leader', 'sessionstore-operator')
    .option('--lease-namespace <name>', 'namespace of the Lease (default: that of the pod)')
    .option('--health-address <address>', 'where /healthz and /readyz listen', parseAddress, { port: 8081 })
    .option('--metrics-address <address>', 'where /metrics listens', parseAddress, { port: 8080 })
    .option(
      '--cluster-domain <domain>',
      'DNS domain of the cluster (default: read from the resolver, else cluster.local)',
    )
    .option('--log-level <level>', `one of ${LOG_LEVELS.join(', ')}`, parseLevel, 'info')
    .option('--workers <count>', 'stores reconciled at the same time', parseCount, 8)
}

type Flags = Readonly<{
  kubeconfig?: string
  leaseName: string
  leaseNamespace?: string
  healthAddress: Address
  metricsAddress: Address
  clusterDomain?: string
  logLevel: LogLevel
  workers: number
}>

/** One frozen object from flags and environment. */
export function readOperatorConfig(flags: Flags, env: NodeJS.ProcessEnv = process.env): OperatorConfig {
  const podName = env['POD_NAME'] ?? hostname()
  const podNamespace = env['POD_NAMESPACE']
  const { kubeconfig, clusterDomain, leaseNamespace, ...rest } = flags
  return Object.freeze({
    ...rest,
    ...(kubeconfig !== undefined && { kubeconfig }),
    leaseNamespace: leaseNamespace ?? podNamespace ?? 'sessionstore-system',
    clusterDomain: clusterDomain || readClusterDomain(),
    identity: `${podName}_${randomUUID()}`,
    podName,
    ...(podNamespace !== undefined && { podNamespace }),
  })
}

function readClusterDomain(path = '/etc/resolv.conf'): string {
  try {
    return clusterDomainOf(readFileSync(path, 'utf8'))
  } catch {
    // No resolver file: not a pod, and nothing of ours would use it.
    return 'cluster.local'
  }
}

/** The search path of a pod has `<namespace>.svc.<domain>` and then `svc.<domain>`; a namespace may be called `svc` too. */
export function clusterDomainOf(resolverFile: string): string {
  const domain = /^search\s(?:.*\s)?svc\.(\S+)/m.exec(resolverFile)?.[1]
  return domain?.replace(/\.$/, '') ?? 'cluster.local'
}

function parseAddress(text: string): Address {
  const [, host = '', digits = ''] = /^(.*):(\d+)$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port > 65535) throw new InvalidArgumentError(`is "${text}", must be [host]:port, such as :8081`)
  return host === '' ? { port } : { host: host.replace(/^\[(.*)\]$/, '$1'), port }
}

function parseLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text)
  if (!level) throw new InvalidArgumentError(`is "${text}", must be one of ${LOG_LEVELS.join(', ')}`)
  return level
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new InvalidArgumentError(`is "${text}", must be a whole number from 1 to 64`)
  return count
}
