import { canReach, serverAt, type World } from './cluster.ts'
import { hasHistory, isLinkUp, isServing, promoteServer, type Server } from './server.ts'

/** A link that brings nothing for so long is given up (`repl-timeout`). */
const LINK_TIMEOUT_MS = 10_000

/** One tick of replication between all servers that run. */
export function tickReplication(world: World): void {
  for (const server of world.servers) if (isServing(server) && server.failover) tickFailover(world, server)
  for (const server of world.servers) if (isServing(server) && server.role === 'replica') tickReplica(world, server)
}

function tickReplica(world: World, replica: Server): void {
  const { link } = replica
  if (!link) {
    if (replica.upstream !== undefined) connect(world, replica, replica.upstream)
    return
  }
  const { to } = link
  const isConnected = canReach(world, replica.node, to.node)
  // A process that ends resets its connections, unless its machine or the path to it went first.
  const isReset = !to.isAlive && !to.isSilentlyGone && isConnected
  const isLeft = isConnected && isServing(to) && to.role === 'replica' && !isLinkUp(to)
  if (isReset || isLeft || world.nowMs - link.heardMs > LINK_TIMEOUT_MS) {
    replica.link = undefined
    return
  }
  if (!isConnected || !isServing(to)) return
  link.heardMs = world.nowMs
  to.acks.set(replica, world.nowMs)
  if (link.state === 'syncing') {
    if (world.nowMs < link.readyMs) return
    link.state = 'up'
  }
  replica.head = to.head
  replica.lineage = to.lineage
  replica.formerLineage = to.formerLineage
}

/** Partial resync where the replica's history is the beginning of the upstream's, else a full copy. */
function connect(world: World, replica: Server, name: string): void {
  const to = serverAt(world, name)
  if (!to || to === replica || !isServing(to) || !canReach(world, replica.node, to.node)) return
  if (to.role === 'replica' && !isLinkUp(to)) return
  const isPartial = hasHistory(to, replica.head) && replica.head.length > 0
  const readyMs = world.nowMs + (isPartial ? 0 : world.random.between(300, 1500))
  replica.link = { to, state: 'syncing', heardMs: world.nowMs, readyMs }
}

/** FAILOVER: hold writes until the target has everything, follow it, let it promote itself. */
function tickFailover(world: World, from: Server): void {
  const { failover } = from
  if (!failover) return
  const { target } = failover
  if (failover.phase === 'waiting') {
    const hasAll = target.link?.to === from && isLinkUp(target) && target.head === from.head
    if (hasAll && isServing(target) && canReach(world, from.node, target.node)) {
      from.role = 'replica'
      from.upstream = target.name
      from.link = undefined
      from.acks.clear()
      failover.phase = 'progress'
      return
    }
    if (world.nowMs >= failover.deadlineMs) from.failover = undefined
    return
  }
  if (!target.isAlive || !canReach(world, from.node, target.node)) return
  if (target.isHung) {
    // What was sent is in its socket: when it thaws it promotes itself, called off or not.
    if (!target.pending.some((each) => each.name === 'promoteLate'))
      target.pending.push(function promoteLate() {
        promoteServer(target)
      })
    return
  }
  promoteServer(target)
  from.failover = undefined
}

/** FAILOVER ABORT. */
export function abortFailover(from: Server): void {
  if (!from.failover) return
  if (from.failover.phase === 'progress') promoteServer(from)
  from.failover = undefined
}
