/**
 * One side of `bench/kube-client.ts` in a process of its own: `side.ts <ours|client-node|client-node, restarted> <task>`. It is
 * told where the API server is by KUBECONFIG, works, and prints one JSON line; in `informer` and `recovery` it prints a line for
 * each step.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { createClientNodeSide } from './side-client-node.ts'
import { createOurSide } from './side-ours.ts'

/** What both sides can do; each method resolves when all of it is done. */
export type Side = Readonly<{
  read(namespace: string, names: readonly string[]): Promise<void>
  apply(namespace: string, names: readonly string[]): Promise<void>
  /** Follows the ConfigMaps of a namespace; resolves when the first list is there. `seen` tells each name that comes later. */
  follow(namespace: string, seen: (name: string) => void): Promise<Readonly<{ size: () => number }>>
}>

const [kind = '', task = '', namespace = '', count = '0'] = process.argv.slice(2)
const IN_FLIGHT = 16

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

function used(startMs: number, before: NodeJS.CpuUsage): object {
  const { user, system } = process.cpuUsage(before)
  return { tookMs: performance.now() - startMs, cpuMs: (user + system) / 1000, rssKiB: process.resourceUsage().maxRSS }
}

async function createSide(): Promise<Side> {
  if (kind === 'ours') return createOurSide(IN_FLIGHT)
  return createClientNodeSide({ inFlight: IN_FLIGHT, restart: kind === 'client-node, restarted' })
}

// The imports of both sides are lazy, so that neither pays for the other.
const importedFrom = process.cpuUsage()
const importedMs = performance.now()
const side = await createSide()
say({ step: 'ready', ...used(importedMs, importedFrom) })

const [startMs, before] = [performance.now(), process.cpuUsage()]
const names = Array.from({ length: Number(count) }, (_, index) => `object-${index}`)
if (task === 'read') await side.read(namespace, names)
if (task === 'apply') await side.apply(namespace, names)
if (task === 'follow') {
  const { size } = await side.follow(namespace, (name) => say({ step: 'seen', name }))
  process.once('SIGTERM', () => {
    say({ step: 'end', size: size(), ...used(startMs, before) })
    process.exit(0)
  })
  say({ step: 'synced', size: size(), ...used(startMs, before) })
  await delay(600_000)
}
say({ step: 'done', ...used(startMs, before) })
process.exit(0)
