import type { EpochRecord } from '../../../../src/redis/types.ts'

/** One write in a history; histories share their beginnings, so that copying one is copying a reference. */
export type Cell = Readonly<{ before: Cell | undefined; length: number; record: EpochRecord | undefined; keys: number }>

export const EMPTY: Cell = { before: undefined, length: 0, record: undefined, keys: 0 }

export type Link = { to: Server; state: 'syncing' | 'up'; heardMs: number; readyMs: number }

/** A server process; a new run is a new object. */
export type Server = {
  readonly id: number
  readonly name: string
  readonly podUID: string
  readonly node: number
  isAlive: boolean
  /** Its machine went away without a word: no reset reaches anybody. */
  isSilentlyGone: boolean
  isHung: boolean
  role: 'master' | 'replica'
  /** Pod name it replicates from; undefined: the boot guard's closed port. */
  upstream: string | undefined
  link: Link | undefined
  head: Cell
  lineage: string
  formerLineage: string
  gate: number
  maxLagMs: number
  servesStale: boolean
  preparedHash: string
  failover: { target: Server; phase: 'waiting' | 'progress'; deadlineMs: number } | undefined
  /** When each direct replica was last heard of. */
  readonly acks: Map<Server, number>
  /** Rises each time it becomes a master. */
  terms: number
  isMadeByHand: boolean
  /** When the Service was last made to lead here. */
  labelledMs: number | undefined
  /** Rises with each CLIENT KILL: connections made before are closed. */
  cuts: number
  /** What arrived while it was hung; done when it thaws. */
  pending: (() => void)[]
  version: string
}

let ids = 0

/** A process as its boot configuration starts it: nobody's replica, empty, not writable. */
export function startServer(
  name: string,
  podUID: string,
  { node, gate, maxLagMs }: Readonly<{ node: number; gate: number; maxLagMs: number }>,
): Server {
  ids += 1
  return {
    id: ids,
    name,
    podUID,
    node,
    isAlive: true,
    isSilentlyGone: false,
    isHung: false,
    role: 'replica',
    upstream: undefined,
    link: undefined,
    head: EMPTY,
    lineage: `lineage-${ids}`,
    formerLineage: '',
    gate,
    maxLagMs,
    servesStale: false,
    preparedHash: '',
    failover: undefined,
    acks: new Map(),
    terms: 0,
    isMadeByHand: false,
    labelledMs: undefined,
    cuts: 0,
    pending: [],
    version: '9.1',
  }
}

export function isServing(server: Server): boolean {
  return server.isAlive && !server.isHung
}

export function isLinkUp(server: Server): boolean {
  return server.link?.state === 'up'
}

/** MASTERDOWN: a replica without a link shows nothing unless told to. */
export function isHidden(server: Server): boolean {
  return server.role === 'replica' && !isLinkUp(server) && !server.servesStale
}

/** Measured: a primary counts a replica for maxLag + 0.7 s after it went quiet. */
const GATE_SLACK_MS = 700

export function canWrite(server: Server, nowMs: number): boolean {
  if (server.role !== 'master' || server.failover) return false
  if (server.gate === 0) return true
  let good = 0
  for (const [replica, heardMs] of server.acks) {
    if (replica.link?.to === server && nowMs - heardMs <= server.maxLagMs + GATE_SLACK_MS) good += 1
  }
  return good >= server.gate
}

export function append(server: Server, change: Readonly<{ record?: EpochRecord; keys?: number }>): Cell {
  const { head } = server
  const cell = {
    before: head,
    length: head.length + 1,
    record: change.record ?? head.record,
    keys: head.keys + (change.keys ?? 0),
  }
  server.head = cell
  return cell
}

/** Everything of `head` is in the history of `server`. */
export function hasHistory(server: Server, head: Cell): boolean {
  let cell: Cell | undefined = server.head
  while (cell && cell.length > head.length) cell = cell.before
  return cell === head
}

export function promoteServer(server: Server): void {
  if (server.role === 'master') return
  server.role = 'master'
  server.terms += 1
  server.upstream = undefined
  server.link = undefined
  server.formerLineage = server.lineage
  server.lineage = `${server.lineage}.${server.id}`
  server.acks.clear()
}

export function followServer(server: Server, upstream: string | undefined): void {
  if (server.role === 'replica' && server.upstream === upstream && upstream !== undefined) return
  server.role = 'replica'
  server.isMadeByHand = false
  server.upstream = upstream
  server.link = undefined
  server.failover = undefined
  server.acks.clear()
}

export function cutClients(server: Server): void {
  server.cuts += 1
}
