import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The repository's root. */
export const repoDir = resolve(import.meta.dirname, '..')

/** Where downloads and build outputs live, outside the repository. `SESSIONSTORE_CACHE` overrides it. */
export const cacheDir = process.env['SESSIONSTORE_CACHE'] ?? join(homedir(), '.cache', 'sessionstore-operator')

/** One log per step of `up`. */
export const logDir = join(cacheDir, 'log')

/** The versions pinned in hack/versions.env, read once. */
export const versions = readVersions()

function readVersions() {
  const text = readFileSync(join(import.meta.dirname, 'versions.env'), 'utf8')
  const pins = new Map(
    text
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()] as const),
  )
  function pin(name: string): string {
    const value = pins.get(name)
    if (!value) throw new Error(`Cannot read hack/versions.env: ${name} is missing, must be a version`)
    return value
  }
  return {
    kubernetes: pin('KUBERNETES'),
    kubernetesModules: pin('KUBERNETES_MODULES'),
    kind: pin('KIND'),
    etcd: pin('ETCD'),
    coredns: pin('COREDNS'),
    localPathProvisioner: pin('LOCAL_PATH_PROVISIONER'),
    helm: pin('HELM'),
    node: pin('NODE'),
    valkeyImage: pin('VALKEY_IMAGE'),
    redis8Image: pin('REDIS_8_IMAGE'),
    redis7Image: pin('REDIS_7_IMAGE'),
    nodeRedis: pin('NODE_REDIS'),
    redisPy: pin('REDIS_PY'),
  } as const
}

const kubernetesDir = `kubernetes-v${versions.kubernetes}`

/** Folder (below `bin/` of the cache, keyed by version) of each program that is built from its Go module. */
const programDirs = {
  'kube-apiserver': kubernetesDir,
  'kube-controller-manager': kubernetesDir,
  'kube-scheduler': kubernetesDir,
  'kube-proxy': kubernetesDir,
  kubelet: kubernetesDir,
  kubeadm: kubernetesDir,
  kubectl: kubernetesDir,
  etcd: `etcd-v${versions.etcd}`,
  kind: `kind-v${versions.kind}`,
  coredns: `coredns-v${versions.coredns}`,
  'local-path-provisioner': `local-path-v${versions.localPathProvisioner}`,
  helm: `helm-v${versions.helm}`,
} as const

/** A program the project builds and pins. */
export type Program = keyof typeof programDirs

/** The folder a pinned program is in once it has been built. */
export function programDir(program: Program): string {
  return join(cacheDir, 'bin', programDirs[program])
}

/** The path of a pinned program once it has been built. */
export function programPath(program: Program): string {
  return join(programDir(program), program)
}
