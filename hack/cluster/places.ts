import { join } from 'node:path'
import { cacheDir, programDir, versions } from '../paths.ts'

/** Name of the kind cluster, and the first part of its nodes' names. */
export const clusterName = 'sessionstore'

/** Folder of everything that runs: engine data, kubeconfig, audit log, the list taken before `up`. */
export const stateDir =
  process.env['SESSIONSTORE_STATE'] ??
  (process.getuid?.() === 0 ? '/var/lib/sessionstore-kind' : join(cacheDir, 'state'))

/** Kubeconfig of the kind cluster. */
export const kubeconfigFile = join(stateDir, 'kubeconfig')

/** Folder on this machine with the API server's audit policy and its log, mounted into the control plane. */
export const auditDir = join(stateDir, 'audit')

/** The API server's audit log: one JSON event per line, level Metadata. */
export const auditLogFile = join(auditDir, 'audit.log')

/** Debian packages, unpacked and not installed. */
export const packagesDir = join(cacheDir, 'packages')

/** Scripts that run programs of the node's root file system on this machine. */
export const toolsDir = join(packagesDir, 'tools')

/** Root file systems made of Debian packages. */
export const rootfsDir = join(cacheDir, 'rootfs')

/** Image archives. */
export const imagesDir = join(cacheDir, 'images')

/** The network of an engine that lives in a network namespace of its own. */
export const network = {
  namespace: 'sessionstore',
  /** This machine's end of the link into the namespace. */
  link: 'sessionstore0',
  hostAddress: '10.93.0.1',
  engineAddress: '10.93.0.2',
  linkPrefix: 30,
  engineBridge: '172.31.0.1/24',
  nodeSubnet: '172.30.0.0/16',
  podSubnet: '10.245.0.0/16',
  serviceSubnet: '10.97.0.0/16',
  apiPort: 16443,
} as const

/** References of the images that only the local cluster uses. */
export const localImages = {
  node: `sessionstore.local/node:v${versions.kubernetes}`,
  cniAgent: 'sessionstore.local/cni-agent:1',
  localPathProvisioner: `sessionstore.local/local-path-provisioner:v${versions.localPathProvisioner}`,
  busybox: 'sessionstore.local/busybox:1',
} as const

/** The engine's own files below the state folder. */
export const engine = {
  socket: join(stateDir, 'docker.sock'),
  dataDir: join(stateDir, 'docker'),
  execDir: join(stateDir, 'exec'),
  pidFile: join(stateDir, 'dockerd.pid'),
  nameServerPidFile: join(stateDir, 'coredns.pid'),
} as const

/** Folders with the programs for the cluster: docker (unpacked), kubectl, kind, helm. */
export const programDirs: readonly string[] = [
  join(packagesDir, 'engine', 'usr', 'bin'),
  join(packagesDir, 'engine', 'usr', 'sbin'),
  toolsDir,
  programDir('kubectl'),
  programDir('kind'),
  programDir('helm'),
]
