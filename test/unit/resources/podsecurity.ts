import type { PodSpec } from '../../../src/resources/pod.ts'

/** Volume types that the restricted profile of the Pod Security Standards allows. */
const VOLUME_TYPES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/** Every breach of the restricted profile (Pod Security Standards), and of what we ask for beyond it. */
export function podSecurityBreaches(pod: PodSpec): readonly string[] {
  const breaches = podBreaches(pod)
  for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
    breaches.push(...containerBreaches(pod, container).map((breach) => `${container.name}: ${breach}`))
  }
  return breaches
}

function podBreaches(pod: PodSpec): string[] {
  const breaches: string[] = []
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) breaches.push('host namespace')
  if (pod.securityContext?.sysctls) breaches.push('sysctls')
  if (pod.securityContext?.seLinuxOptions) breaches.push('seLinuxOptions')
  if (pod.automountServiceAccountToken !== false) breaches.push('token is mounted')
  for (const { name, ...source } of pod.volumes ?? []) {
    for (const type of Object.keys(source)) {
      if (!VOLUME_TYPES.includes(type)) breaches.push(`volume ${name} is ${type}`)
    }
  }
  return breaches
}

function containerBreaches(pod: PodSpec, container: PodSpec['containers'][number]): string[] {
  const breaches: string[] = []
  const own = container.securityContext
  const seccomp = (own?.seccompProfile ?? pod.securityContext?.seccompProfile)?.type
  if ((own?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) !== true) breaches.push('may run as root')
  if (!((own?.runAsUser ?? pod.securityContext?.runAsUser ?? 0) > 0)) breaches.push('user is not a number above 0')
  if (seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost') breaches.push(`seccomp is ${seccomp}`)
  if (own?.privileged) breaches.push('privileged')
  if (own?.allowPrivilegeEscalation !== false) breaches.push('may escalate')
  if (!own?.capabilities?.drop?.includes('ALL')) breaches.push('capabilities are kept')
  if (own?.capabilities?.add?.some((name) => name !== 'NET_BIND_SERVICE')) breaches.push('capabilities are added')
  if (own?.procMount && own.procMount !== 'Default') breaches.push('procMount')
  if (own?.readOnlyRootFilesystem !== true) breaches.push('root file system is writable')
  if (container.ports?.some((port) => port.hostPort)) breaches.push('host port')
  if (!container.resources?.limits?.['memory']) breaches.push('no memory limit')
  return breaches
}
