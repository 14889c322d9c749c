import { parseQuantity } from '../api/v1alpha1/quantity.ts'
import type { Pod, StatefulSet } from '../kube/types.ts'

const SERVER_CONTAINER = 'server'

type PodSpec = Pick<NonNullable<Pod['spec']>, 'containers'>

/** Memory that the kubelet grants the server container now; a resize that is not carried out yet does not count. */
export function grantedBytesOf(pod: Pod): number {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === SERVER_CONTAINER)
  const limit = status?.resources?.limits?.['memory']
  const parsed = limit === undefined ? undefined : parseQuantity(limit)
  return parsed?.ok ? Number(parsed.value) : limitBytesOf(pod)
}

/** Memory limit of the server container, as the pod's spec asks for it. */
export function limitBytesOf({ spec }: Readonly<{ spec?: PodSpec }>): number {
  const limit = spec?.containers.find(({ name }) => name === SERVER_CONTAINER)?.resources?.limits?.['memory']
  const parsed = limit === undefined ? undefined : parseQuantity(limit)
  return parsed?.ok ? Number(parsed.value) : 0
}

/** The same of a StatefulSet's template; 0 while there is none. */
export function templateLimitBytes(statefulSet: StatefulSet | undefined): number {
  return limitBytesOf({ ...(statefulSet?.spec?.template.spec && { spec: statefulSet.spec.template.spec }) })
}
