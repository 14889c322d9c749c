import { LEASES, PODS } from '../../../src/kube/resources.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { until } from '../until.ts'
import { getObject, listObjects } from './api.ts'

/** Where `npm run up` installs the chart, and under which names. */
export const OPERATOR = {
  namespace: 'sessionstore-system',
  name: 'sessionstore-operator',
  replicas: 2,
  username: 'system:serviceaccount:sessionstore-system:sessionstore-operator',
} as const

export function operatorPods(): Promise<readonly Pod[]> {
  const labelSelector = `app.kubernetes.io/name=${OPERATOR.name}`
  return listObjects(PODS, { namespace: OPERATOR.namespace, labelSelector })
}

/** The pod that holds the Lease; waits for one that is not being deleted. */
export function leaderPod(deadlineMs = 60_000): Promise<Pod> {
  return until(
    async (see) => {
      const lease = await getObject(LEASES, { namespace: OPERATOR.namespace, name: OPERATOR.name })
      const holder = lease.spec?.holderIdentity ?? ''
      see(`the Lease is held by "${holder}"`)
      const pods = await operatorPods()
      // An identity names the process; the pod's name is its beginning.
      return pods.find((pod) => holder.startsWith(pod.metadata.name) && !pod.metadata.deletionTimestamp)
    },
    { what: 'a leader of the operator', deadlineMs },
  )
}

/** Waits until every operator pod is ready and one of them leads. */
export async function untilOperatorReady(deadlineMs = 120_000): Promise<void> {
  await until(
    async (see) => {
      const pods = await operatorPods()
      see(pods.map((pod) => `${pod.metadata.name} ${pod.status?.phase}`))
      const ready = pods.filter((pod) => !pod.metadata.deletionTimestamp && isReady(pod))
      return pods.length === OPERATOR.replicas && ready.length === OPERATOR.replicas
    },
    { what: `${OPERATOR.replicas} ready operator pods`, deadlineMs },
  )
  await leaderPod()
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
