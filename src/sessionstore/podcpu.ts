import { normalQuantity } from '../api/v1alpha1/quantity.ts'
import type { Caches } from '../caches.ts'
import { applyPart } from '../kube/apply.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import type { Log } from '../kube/log.ts'
import { PODS } from '../kube/resources.ts'
import type { Pod } from '../kube/types.ts'
import { cpuOf } from '../resources/podtemplate.ts'
import type { Snapshot } from './observe.ts'
import type { Obstacle } from './plan/obstacles.ts'
import { readRefusal } from './plan/refusals.ts'

/** Another one than that of memory: each declares its own part of the resources. */
const FIELD_MANAGER = 'sessionstore-operator-cpu'
const RETRY_MS = 60_000

type Cpu = ReturnType<typeof cpuOf>

/** What the API server answered to this CPU for a pod, by the pod's UID. */
export type CpuMemory = Readonly<{ refusedCpu: Map<string, Readonly<{ cpu: Cpu; atMs: number; message: string }>> }>

export type CpuContext = Readonly<{
  client: Pick<KubeClient, 'patch'>
  caches: Caches
  memory: CpuMemory
  log: Log
  signal: AbortSignal
}>

/**
 * Pods that run and whose CPU is another, and can be made that of the spec in place: a limit that is added or removed, or
 * another class of service, is a matter of the template.
 */
export function podsToGiveCpu(pods: readonly Pod[], wanted: Cpu): readonly Pod[] {
  return pods.filter((pod) => {
    if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase !== 'Running') return false
    const { requests, limits } = pod.spec?.containers.find(({ name }) => name === 'server')?.resources ?? {}
    const [request, limit] = [normal(requests?.['cpu']), normal(limits?.['cpu'])]
    const isOtherClass =
      (limit === undefined) !== (wanted.limit === undefined) || isEqual({ request, limit }) !== isEqual(wanted)
    return !isOtherClass && (request !== wanted.request || limit !== wanted.limit)
  })
}

/** Changes the CPU of running pods, without a restart. A Node or a rule of the namespace may refuse: it is asked again, seldom. */
export async function giveCpu(context: CpuContext, { pods, spec, nowMs }: Snapshot): Promise<void> {
  // What nobody asked for is the template's: another program may have changed it on purpose.
  if (!spec.podTemplate?.spec?.cpu) return
  const { client, caches, memory, log, signal } = context
  const cpu = cpuOf(spec)
  const resources = { requests: { cpu: cpu.request }, ...(cpu.limit !== undefined && { limits: { cpu: cpu.limit } }) }
  const part = { fields: { spec: { containers: [{ name: 'server', resources }] } }, subresource: 'resize' } as const
  const isDue = ({ metadata: { uid = '' } }: Pod): boolean =>
    nowMs - (refusalOf(memory, uid, cpu)?.atMs ?? -RETRY_MS) >= RETRY_MS
  await Promise.all(
    podsToGiveCpu(pods, cpu)
      .filter(isDue)
      .map(async (pod) => {
        try {
          caches.pods.upsert(await applyPart(client, PODS, pod, { ...part, fieldManager: FIELD_MANAGER, signal }))
          memory.refusedCpu.delete(pod.metadata.uid ?? '')
        } catch (error) {
          if (hasCode(error, 'NotFound')) return
          if (!hasCode(error, 'Invalid', 'Forbidden')) throw error
          memory.refusedCpu.set(pod.metadata.uid ?? '', { cpu, atMs: nowMs, message: error.message })
          log.warn({ pod: pod.metadata.name, err: error }, 'CPU of a pod cannot be changed in place')
        }
      }),
  )
}

/** Why pods may not have the CPU they should have, and when it is tried again. */
export function readRefusedCpu(
  memory: CpuMemory,
  { pods, spec }: Pick<Snapshot, 'pods' | 'spec'>,
): Readonly<{ obstacle: Obstacle; dueMs: number }> | undefined {
  if (!spec.podTemplate?.spec?.cpu) return undefined
  const cpu = cpuOf(spec)
  for (const { metadata } of podsToGiveCpu(pods, cpu)) {
    const refused = refusalOf(memory, metadata.uid, cpu)
    if (!refused) continue
    const { atMs, message } = refused
    const what = `other CPU for pod "${metadata.name}"`
    const infeasible = {
      reason: 'ResizeInfeasible',
      message: `${what} cannot be given in place: ${message}; correct spec.podTemplate.spec.cpu, or delete pod ${metadata.name}, replicas first, which comes back with it`,
    } as const
    return { obstacle: readRefusal({ what, message }) ?? infeasible, dueMs: atMs + RETRY_MS }
  }
  return undefined
}

function refusalOf({ refusedCpu }: CpuMemory, uid = '', { request, limit }: Cpu) {
  const refused = refusedCpu.get(uid)
  return refused?.cpu.request === request && refused.cpu.limit === limit ? refused : undefined
}

function isEqual({ request, limit }: Readonly<{ request?: string | undefined; limit?: string | undefined }>): boolean {
  return limit !== undefined && limit === request
}

function normal(quantity: string | undefined): string | undefined {
  const parsed = quantity === undefined ? undefined : normalQuantity(quantity)
  return parsed?.ok ? parsed.value : undefined
}
