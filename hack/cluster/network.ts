import { existsSync } from 'node:fs'
import { runCommand, tryCommand } from '../processes.ts'
import { network } from './places.ts'

const namespaceFile = `/run/netns/${network.namespace}`

/** The words that run a command inside the engine's network namespace (`ip netns exec` would hide the cgroups). */
export const inNamespace = ['nsenter', `--net=${namespaceFile}`] as const

/** Makes the engine's network namespace and the link into it. It has no way out: nothing is reached but this machine. */
export async function openNetwork(): Promise<void> {
  if (existsSync(namespaceFile)) return
  const { namespace, link, hostAddress, engineAddress, linkPrefix } = network
  await runCommand(['ip', 'netns', 'add', namespace])
  await runCommand(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace])
  await runCommand(['ip', 'address', 'add', `${hostAddress}/${linkPrefix}`, 'dev', link])
  await runCommand(['ip', 'link', 'set', link, 'up'])
  await runCommand([...inNamespace, 'ip', 'link', 'set', 'lo', 'up'])
  await runCommand([...inNamespace, 'ip', 'address', 'add', `${engineAddress}/${linkPrefix}`, 'dev', 'eth0'])
  await runCommand([...inNamespace, 'ip', 'link', 'set', 'eth0', 'up'])
  await runCommand([...inNamespace, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'])
  for (const subnet of [network.nodeSubnet, network.podSubnet, network.serviceSubnet]) {
    await runCommand(['ip', 'route', 'replace', subnet, 'via', engineAddress])
  }
}

/** Removes the link and the namespace. */
export async function closeNetwork(): Promise<number> {
  let removed = 0
  if (existsSync(namespaceFile)) {
    await runCommand(['ip', 'netns', 'delete', network.namespace])
    removed += 1
  }
  // The namespace takes its end with it only once its last process is gone, so the near end is removed by hand.
  if (existsSync(`/sys/class/net/${network.link}`)) {
    await tryCommand(['ip', 'link', 'delete', network.link])
    removed += 1
  }
  return removed
}

/** Routes inside the engine's namespace that let this machine reach pods (by their node) and ClusterIPs (by the control plane). */
export async function routeToPods(
  nodes: readonly Readonly<{ address: string; podCidr: string; isControlPlane: boolean }>[],
): Promise<void> {
  for (const node of nodes) {
    await runCommand([...inNamespace, 'ip', 'route', 'replace', node.podCidr, 'via', node.address])
    if (node.isControlPlane) {
      await runCommand([...inNamespace, 'ip', 'route', 'replace', network.serviceSubnet, 'via', node.address])
    }
  }
}
