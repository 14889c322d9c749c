import { canReach, type Place, podOf, type World } from './cluster.ts'
import type { Watch } from './invariants.ts'
import { append, canWrite, isServing, type Server } from './server.ts'

/** An application that writes, over one connection that it keeps as long as it can. */
export type Client = {
  readonly place: Place
  /** Errors do not make it connect anew: only a closed connection does. */
  readonly isStubborn: boolean
  connection: { server: Server; cuts: number; silentSinceMs: number | undefined; isWaiting: boolean } | undefined
}

const SOCKET_TIMEOUT_MS = 5000

/** One outside the nodes, one stubborn one, and one beside every member that shares its partitions. */
export function newClients(nodes: number): Client[] {
  const beside = Array.from({ length: nodes }, (_, place) => ({ place, isStubborn: true, connection: undefined }))
  return [
    { place: 'clients', isStubborn: false, connection: undefined },
    { place: 'clients', isStubborn: true, connection: undefined },
    ...beside,
  ]
}

export function tickClient(world: World, watch: Watch, client: Client): void {
  const { connection } = client
  if (connection && isClosed(world, client)) client.connection = undefined
  if (!client.connection) connectClient(world, client)
  if (client.connection) write(world, watch, client)
}

function isClosed(world: World, client: Client): boolean {
  const { connection } = client
  if (!connection) return true
  const { server, cuts, silentSinceMs } = connection
  if (!server.isAlive || server.cuts !== cuts) return true
  return silentSinceMs !== undefined && world.nowMs - silentSinceMs > SOCKET_TIMEOUT_MS
}

/** The Service leads to the labelled pod; on a node that is cut off it still leads to whom it led before. */
function connectClient(world: World, client: Client): void {
  const labelled = world.pods.find((pod) => pod.role === 'primary')
  const isCutOff = typeof client.place === 'number' && !canReach(world, client.place, 'operator')
  const local = isCutOff
    ? world.servers.find((server) => server.node === client.place && server.labelledMs !== undefined)
    : undefined
  const server = local ?? (labelled && podOf(world, labelled.name)?.server)
  if (!server?.isAlive || !canReach(world, client.place, server.node)) return
  client.connection = { server, cuts: server.cuts, silentSinceMs: undefined, isWaiting: false }
}

function write(world: World, watch: Watch, client: Client): void {
  const { connection } = client
  if (!connection) return
  const { server } = connection
  if (!canReach(world, client.place, server.node) || !isServing(server) || server.failover) {
    connection.silentSinceMs ??= world.nowMs
    if (server.isHung && !connection.isWaiting) queueWrite(world, watch, client)
    return
  }
  connection.silentSinceMs = undefined
  if (!attempt(world, watch, server) && !client.isStubborn) client.connection = undefined
}

/** A hung server has the command in its socket and does it when it thaws, unless the client closed meanwhile. */
function queueWrite(world: World, watch: Watch, client: Client): void {
  const { connection } = client
  if (!connection) return
  connection.isWaiting = true
  connection.server.pending.push(() => {
    connection.isWaiting = false
    if (client.connection === connection && connection.cuts === connection.server.cuts)
      attempt(world, watch, connection.server)
  })
}

function attempt(world: World, watch: Watch, server: Server): boolean {
  if (!canWrite(server, world.nowMs)) return false
  watch.onAck(server, append(server, { keys: 1 }))
  return true
}
