import {
  canReach,
  cut,
  deletePod,
  heal,
  killServer,
  type Place,
  type Pod,
  podOf,
  removeByForce,
  type World,
} from './cluster.ts'
import { killOperator, note, type Operator } from './operator.ts'
import { followServer, isLinkUp, promoteServer, type Server } from './server.ts'

export type Scene = Readonly<{ world: World; operator: Operator; later: { atMs: number; undo: () => void }[] }>

/** Ends its story line: what was done. */
export type Fault = (scene: Scene) => string | undefined

/** What an administrator or the operator's own environment does to a healthy store. */
export const PLANNED: Readonly<Record<string, Fault>> = {
  crashOperator({ world, operator }) {
    const awayMs = world.random.between(100, 6000)
    killOperator(world, operator, awayMs)
    return `operator crashes for ${awayMs} ms`
  },
  scale({ world }) {
    setSize(world, world.random.between(world.fewest, 5))
    return `goal n ${world.goal.n} w ${world.goal.w}`
  },
  roll({ world }) {
    // With one member a roll is the loss of all: documented, not planned here.
    if (world.fewest < 2) return undefined
    world.template += 1
    return `template ${world.template}`
  },
  drain({ world, operator }) {
    const pod = world.random.pick(world.pods)
    const isCalm = operator.plan?.step.kind === 'none' && world.replicas === world.goal.n && world.replicas > 1
    const isWhole = world.pods.length === world.replicas && world.pods.every((each) => each.isJoined && each.isReady)
    if (!pod || !isCalm || !isWhole || pod.leavingSinceMs !== undefined) return undefined
    deletePod(world, pod)
    return `pod ${pod.name} is deleted`
  },
  rotate({ world }) {
    world.goal = { ...world.goal, preparedHash: `hash-${world.nowMs}` }
    return 'users change'
  },
  /** The lag and the silence that are allowed change together, as the API server holds them against each other. */
  retune({ world }) {
    const maxLagMs = world.random.between(2, 6) * 1000
    world.goal = { ...world.goal, maxLagMs, downAfterMs: maxLagMs + 1000 }
    return `goal lag ${maxLagMs / 1000}`
  },
  changeMode({ world }) {
    const { n } = world.goal
    if (n < 3) return undefined
    world.goal = { ...world.goal, w: world.random.pick([0, 1, Math.floor(n / 2)]) ?? 1 }
    return `goal w ${world.goal.w}`
  },
  suspend(scene) {
    const { world } = scene
    world.goal = { ...world.goal, isSuspended: true }
    after(scene, 6000, () => {
      world.goal = { ...world.goal, isSuspended: false }
    })
    return 'suspended'
  },
  unlabel({ world }) {
    const pod = world.pods.find((each) => each.role === 'primary')
    if (pod) pod.role = undefined
    return pod && `label of ${pod.name} is taken away`
  },
}

/** What only a store with volumes gets over. */
export const ON_VOLUMES: Readonly<Record<string, Fault>> = {
  restartAll({ world }) {
    const alive = world.pods.filter((pod) => pod.server?.isAlive && !pod.server.isHung)
    for (const pod of alive) {
      if (pod.server) killServer(pod.server)
      pod.startMs = world.nowMs + world.random.between(0, world.random.chance(0.2) ? 40_000 : 5000)
    }
    return alive.length === 0 ? undefined : 'every server is killed'
  },
  deleteAll({ world }) {
    for (const pod of world.pods) deletePod(world, pod)
    return 'every pod is deleted'
  },
}

/** What goes wrong by itself. */
export const UNPLANNED: Readonly<Record<string, Fault>> = {
  kill({ world }) {
    const pod = anyPod(world, (each) => each.server?.isAlive ?? false)
    if (!pod?.server) return undefined
    killServer(pod.server)
    const downMs = world.random.chance(0.7) ? world.random.between(0, 1000) : world.random.between(3000, 12_000)
    pod.startMs = world.nowMs + downMs
    return `${pod.name} is killed and restarts after ${downMs} ms`
  },
  hang(scene) {
    const { world } = scene
    const server = anyPod(world, (each) => each.server?.isAlive ?? false)?.server
    if (!server || server.isHung) return undefined
    server.isHung = true
    const forMs = world.random.between(500, 20_000)
    after(scene, forMs, () => thaw(server))
    return `${server.name} hangs for ${forMs} ms`
  },
  cutOperator(scene) {
    const nodes = someNodes(scene.world)
    return cutAll(
      scene,
      nodes.map((node) => ['operator', node]),
    )
  },
  cutMembers(scene) {
    const { world } = scene
    const nodes = someNodes(world)
    const others = world.nodes.map((node) => node.index).filter((index) => !nodes.includes(index))
    return cutAll(
      scene,
      nodes.flatMap((node) => others.map((other) => [node, other] as const)),
    )
  },
  isolate(scene) {
    const { world } = scene
    const node = anyPod(world, () => true)?.node
    if (node === undefined) return undefined
    const others: Place[] = [...world.nodes.map((each) => each.index), 'operator', 'clients']
    return cutAll(
      scene,
      others.map((other) => [node, other] as const),
    )
  },
  splitWithOperator(scene) {
    const { world } = scene
    const inside = someNodes(world)
    const outside: Place[] = [
      ...world.nodes.map((each) => each.index).filter((index) => !inside.includes(index)),
      'operator',
    ]
    return cutAll(
      scene,
      inside.flatMap((node) => outside.map((other) => [node, other] as const)),
    )
  },
  losePower(scene) {
    const { world } = scene
    const node = world.nodes[anyPod(world, () => true)?.node ?? -1]
    if (!node?.isOn) return undefined
    node.isOn = false
    for (const server of world.servers.filter((each) => each.node === node.index)) {
      server.isSilentlyGone = true
      killServer(server)
    }
    const isForGood = world.random.chance(0.4)
    const afterMs = world.random.between(3000, 20_000)
    after(scene, afterMs, () => {
      if (isForGood) node.isDeleted = true
      else node.isOn = true
    })
    return `node ${node.index} loses power, ${isForGood ? 'is deleted' : 'is back'} after ${afterMs} ms`
  },
  deletePod({ world }) {
    const pod = anyPod(world, (each) => each.leavingSinceMs === undefined)
    if (pod) deletePod(world, pod)
    return pod && `pod ${pod.name} is deleted`
  },
  forceDeletePod({ world }) {
    const pod = anyPod(world, () => true)
    if (pod) removeByForce(world, pod)
    return pod && `pod ${pod.name} is removed by force`
  },
  cannotPrepare({ world }) {
    const pod = anyPod(world, () => true)
    if (pod) world.unpreparable.set(pod.name, world.nowMs + world.random.between(2000, 12_000))
    return pod && `${pod.name} cannot be prepared for a while`
  },
  promoteByHand({ world }) {
    const server = anyPod(world, (each) => each.server?.role === 'replica' && isLinkUp(each.server))?.server
    if (!server?.isAlive) return undefined
    promoteServer(server)
    server.isMadeByHand = true
    return `${server.name} is made a master by hand`
  },
  demoteByHand({ world }) {
    const server = anyPod(world, (each) => each.server?.role === 'master')?.server
    if (!server?.isAlive) return undefined
    followServer(server, undefined)
    return `${server.name} is made nobody's replica by hand`
  },
  loseApi(scene) {
    const { world } = scene
    world.isApiDown = true
    const forMs = world.random.between(1000, 10_000)
    after(scene, forMs, () => {
      world.isApiDown = false
    })
    return `the API server is away for ${forMs} ms`
  },
  wipeStatus({ world }) {
    // A first primary that was begun and forgotten may have keys and no record: that is left to a human.
    if (!world.mark || world.intent?.kind === 'Bootstrap') return undefined
    world.isForgetful ||= world.intent !== undefined
    world.intent = undefined
    world.statusEpoch = 0
    return 'the status is wiped'
  },
}

export function setSize(world: World, n: number): void {
  world.goal = { ...world.goal, n, w: n < 3 ? 0 : world.storeUID.endsWith('majority') ? Math.floor(n / 2) : 1 }
}

export function thaw(server: Server): void {
  server.isHung = false
  const waiting = server.pending
  server.pending = []
  for (const command of waiting) if (server.isAlive) command()
}

/** Ends all that was done: the store has to get well by itself from here. */
export function endFaults({ world, later }: Scene): void {
  if (later.length === 0 && world.cuts.size === 0) return
  for (const { undo } of later) undo()
  later.length = 0
  world.cuts.clear()
  world.unpreparable.clear()
  note(world, 'faults end')
}

export function tickFaults({ world, later }: Scene): void {
  for (const due of later.filter(({ atMs }) => atMs <= world.nowMs)) {
    due.undo()
    later.splice(later.indexOf(due), 1)
  }
}

function after(scene: Scene, forMs: number, undo: () => void): void {
  scene.later.push({ atMs: scene.world.nowMs + forMs, undo })
}

/** The primary more often than others: that is where it hurts. */
function anyPod(world: World, isFit: (pod: Pod) => boolean): Pod | undefined {
  const fit = world.pods.filter(isFit)
  const primary = fit.find((pod) => pod.server?.role === 'master')
  return primary && world.random.chance(0.5) ? primary : world.random.pick(fit)
}

function someNodes(world: World): readonly number[] {
  const used = world.pods.map((pod) => pod.node)
  const primary = world.pods.find((pod) => pod.role === 'primary')
  const chosen = used.filter(() => world.random.chance(0.4))
  const isWithPrimary = primary !== undefined && world.random.chance(0.5)
  const served = isWithPrimary ? podOf(world, primary.name)?.node : undefined
  return [...new Set([...chosen, ...(served === undefined ? [] : [served])])]
}

function cutAll(scene: Scene, pairs: readonly (readonly [Place, Place])[]): string | undefined {
  const { world } = scene
  const cutNow = pairs.filter(([a, b]) => a !== b && canReach(world, a, b))
  if (cutNow.length === 0) return undefined
  for (const [a, b] of cutNow) cut(world, a, b)
  const forMs = world.random.between(500, 22_000)
  after(scene, forMs, () => {
    for (const [a, b] of cutNow) heal(world, a, b)
  })
  return `cut for ${forMs} ms: ${cutNow.map(([a, b]) => `${a}-${b}`).join(' ')}`
}
