import { PODS } from '../../../src/kube/resources.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { until } from '../until.ts'
import { deleteObject, getObject } from './api.ts'
import { docker } from './command.ts'
import type { StoreRef } from './store.ts'

/**
 * Faults, as a machine makes them: signals are sent from the node, so that nothing in the pod can soften them. The nodes
 * are containers of kind, named as the node.
 */
export type Signal = 'KILL' | 'STOP' | 'CONT' | 'TERM'

/** Finds the processes of a pod by the pod's UID in their cgroup, and by name: any engine and any runtime has these. */
const SIGNAL_SCRIPT = `
signal=$1 uid=$2 escaped=$(echo "$2" | tr - _) pattern=$3
for dir in /proc/[0-9]*; do
  read -r name 2>/dev/null <"$dir/comm" || continue
  case $name in $pattern) ;; *) continue ;; esac
  grep -qe "$uid" -e "$escaped" "$dir/cgroup" 2>/dev/null || continue
  kill "-$signal" "\${dir#/proc/}" && echo "\${dir#/proc/}"
done`

/** Sends a signal to a pod's processes whose name matches a shell pattern; gives how many there were. */
export async function signalProcesses(
  pod: Pod,
  options: Readonly<{ signal: Signal; pattern: string }>,
): Promise<number> {
  const node = pod.spec?.nodeName
  const { uid } = pod.metadata
  if (!node || !uid) throw new Error(`Cannot signal Pod "${pod.metadata.name}": it is on no node yet`)
  const printed = await docker(['exec', node, 'sh', '-c', SIGNAL_SCRIPT, 'sh', options.signal, uid, options.pattern])
  return printed.trim() === '' ? 0 : printed.trim().split('\n').length
}

/** Sends a signal to the server process of a pod. */
export async function signalServer(pod: Pod, signal: Signal): Promise<void> {
  const count = await signalProcesses(pod, { signal, pattern: '*-server' })
  if (count === 0) throw new Error(`Cannot signal the server of Pod "${pod.metadata.name}": it runs no such process`)
}

/** Deletes a pod as `kubectl delete pod` does: with its grace period. */
export async function deletePod(pod: Pod): Promise<void> {
  await deleteObject(PODS, refOf(pod))
}

/** Kills the server, and again as soon as its container runs anew: the second death waits for nobody (F24). */
export async function killTwice(pod: Pod): Promise<void> {
  await signalServer(pod, 'KILL')
  const before = restartsOf(pod)
  await until(
    async (see) => {
      const now = await getObject(PODS, refOf(pod))
      see(now.status?.containerStatuses)
      return restartsOf(now) > before && (await signalProcesses(now, { signal: 'KILL', pattern: '*-server' })) > 0
    },
    { what: `the server of ${pod.metadata.name} to run again`, deadlineMs: 60_000, everyMs: 50 },
  )
}

function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
}

export function refOf(pod: Pod): StoreRef {
  return { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }
}

const LINKS = [
  ['INPUT', '-i'],
  ['OUTPUT', '-o'],
  ['FORWARD', '-i'],
  ['FORWARD', '-o'],
] as const

/** Cuts a node off: nothing comes in or goes out through its network, and nothing is told to anybody. */
export async function partitionNode(node: string): Promise<void> {
  for (const [chain, side] of LINKS)
    await docker(['exec', node, 'iptables', '-I', chain, '1', side, 'eth0', '-j', 'DROP'])
}

/** Ends `partitionNode`; safe when there is none. */
export async function healNode(node: string): Promise<void> {
  const rules = LINKS.map(([chain, side]) => `iptables -D ${chain} ${side} eth0 -j DROP`)
  await docker(['exec', node, 'sh', '-c', `${rules.map((rule) => `while ${rule} 2>/dev/null; do :; done`).join('\n')}`])
}

/** Stops the kubelet of a node, or lets it go on; its pods run on all the while. */
export async function signalKubelet(node: string, signal: 'STOP' | 'CONT'): Promise<void> {
  await docker(['exec', node, 'sh', '-c', KUBELET_SCRIPT, 'sh', signal])
}

const KUBELET_SCRIPT = `
for dir in /proc/[0-9]*; do
  read -r name 2>/dev/null <"$dir/comm" || continue
  [ "$name" = kubelet ] && kill "-$1" "\${dir#/proc/}" && exit 0
done
exit 1`
