import type { Connection } from '../redis/connection.ts'
import { abortUnwatched, moveTo } from '../redis/move.ts'
import { promote } from '../redis/promote.ts'
import { writeRecord } from '../redis/recordscript.ts'
import {
  awaitReplicaOnline,
  cutClients,
  type Done,
  demote,
  fence,
  join,
  openGate,
  readRole,
  restoreServing,
  SHUT_GATE,
  setConfig,
  setQuorum,
  type Upstream,
  waitReplicas,
} from '../redis/replication.ts'
import { type ActResult, type DataPlane, DONE, notDone } from './dataplane.ts'
import type { StoreMemory } from './memory.ts'
import type { Snapshot } from './observe.ts'
import { isReached, type MemberFacts, type TopologyStep } from './plan/facts.ts'

/** The closed port of the boot guard: a replica pointed there follows nobody and accepts nothing. */
const NOWHERE = { host: '127.0.0.1', port: 1 } as const
const FIRST_REPLICA_TIMEOUT_MS = 5000
const WAIT_TIMEOUT_MS = 2000
/** How long a primary holds writes back for the target of a move to catch up. */
const MOVE_TIMEOUT_MS = 2000

export type ServerContext = Readonly<{
  snapshot: Snapshot
  dataPlane: DataPlane
  memory: StoreMemory
  steadyMs: () => number
}>

export type Step<K extends TopologyStep['kind']> = Extract<TopologyStep, { kind: K }>

/** Opens members for a look at their record; join shuts them again. */
export async function actReveal({ dataPlane }: ServerContext, step: Step<'reveal'>): Promise<ActResult> {
  return each(step.members, (name) =>
    withConnection(dataPlane, name, (connection) => setConfig(connection, { 'replica-serve-stale-data': 'yes' })),
  )
}

export async function actFence({ dataPlane }: ServerContext, step: Step<'fence'>): Promise<ActResult> {
  return each([step.member], (name) => withConnection(dataPlane, name, fence))
}

export async function actRepoint(context: ServerContext, step: Step<'repoint'>): Promise<ActResult> {
  const targets = new Map(step.moves.map(({ member, to }) => [member, to]))
  return each([...targets.keys()], (name) => {
    const to = targets.get(name) ?? 'nowhere'
    const upstream = to === 'nowhere' ? NOWHERE : upstreamOf(context, to)
    return withConnection(context.dataPlane, name, async (connection) => {
      const joined = await join(connection, upstream)
      // Whom it left may have been fed by it until this very moment, which the lag gate counts from.
      context.dataPlane.noteParting(name)
      return joined
    })
  })
}

export async function actPromote({ snapshot, dataPlane }: ServerContext, step: Step<'promote'>): Promise<ActResult> {
  const { expectedEpoch } = step
  const storeUID = snapshot.facts.storeUID
  return each([step.candidate], (name) =>
    withConnection(dataPlane, name, (connection) => promote(connection, { expectedEpoch, storeUID })),
  )
}

/**
 * Makes a promoted server writable and known: replicas repointed in parallel at once (measured: 0.02 s to the first
 * accepted write, up to 1.05 s in the other order), first replica online, gate and record, record replicated. The gate is
 * shut until then: a write before the record would be one of no epoch.
 */
export async function actEstablish(context: ServerContext, step: Step<'establish'>): Promise<ActResult> {
  const { snapshot, dataPlane } = context
  const { primary, epoch, n, w, replicas } = step
  const maxLagSeconds = maxLagOf(snapshot)
  const connection = dataPlane.connection(primary)
  if (!connection) return notDone(`${primary} is not connected`)
  // The lag before the rest: the server counts its replicas by it.
  const shut = await setConfig(connection, { ...SHUT_GATE, 'min-replicas-max-lag': String(maxLagSeconds) })
  if (!shut.ok) return notDone(`${primary}: ${shut.message}`)
  const upstream = upstreamOf(context, primary)
  const joined = await Promise.all(
    replicas.map((name) => withConnection(dataPlane, name, (replica) => follow(replica, upstream))),
  )
  // A member that still says it is a primary is demoted once the record stands; here only w replicas are needed.
  if (joined.filter(({ ok }) => ok).length < w)
    return notDone(`fewer than ${w} replicas could be pointed at ${primary}`)
  if (w > 0) {
    const online = await awaitReplicaOnline(connection, { count: w, timeoutMs: FIRST_REPLICA_TIMEOUT_MS })
    if (!online.ok) return notDone(`${primary}: ${online.message}`)
  }
  const record = { storeUID: snapshot.facts.storeUID, epoch, n, w, primary }
  const written = await openGate(connection, { w, maxLagSeconds, record })
  if (!written.ok) return notDone(`the record of epoch ${epoch} was refused by ${primary}: ${written.message}`)
  // First of all: whoever goes on after us takes a record that stands for done.
  const restored = await restoreServing(connection)
  if (!restored.ok) return notDone(`${primary}: ${restored.message}`)
  const replicated = w > 0 ? await waitReplicas(connection, w, WAIT_TIMEOUT_MS) : { ok: true as const }
  if (!replicated.ok) return notDone(`the record of epoch ${epoch} is not replicated yet: ${replicated.message}`)
  return DONE
}

export async function actHandOver(context: ServerContext, step: Step<'handOver'>): Promise<ActResult> {
  const [from, to] = [moveEnd(context, step.from), moveEnd(context, step.to)]
  if (!from) return notDone(`${step.from} is not connected`)
  const left = await abortUnwatched(from.connection)
  if (!left.ok) return notDone(`${step.from}: ${left.message}`)
  if (left.wasMoving) return notDone(`a hand-over of ${step.from} that nobody watched was called off`)
  if (!to) return notDone(`${step.to} is not connected`)
  // A move that has ended meanwhile: the gate would be shut on the primary.
  const read = await readRole(from.connection)
  if (!read.ok) return notDone(`${step.from}: ${read.message}`)
  if (read.role.role !== 'master') return notDone(`${step.from} is not the primary any more`)
  // Until its epoch is recorded the new end takes no write either, whoever is connected to it.
  const shut = await setConfig(to.connection, SHUT_GATE)
  if (!shut.ok) return notDone(`${step.to}: ${shut.message}`)
  const moved = await moveTo(from, to, { timeoutMs: MOVE_TIMEOUT_MS })
  return moved.ok ? DONE : notDone(`${step.from} did not hand over to ${step.to}: ${moved.message}`)
}

/** Points a replica at its primary and shuts what a look at its record may have opened. */
async function follow(replica: Connection, upstream: Upstream): Promise<Done> {
  const joined = await join(replica, upstream)
  return joined.ok ? restoreServing(replica) : joined
}

/** Returns what the zombie had written alone, in bytes of its replication stream. */
export async function actDemote(context: ServerContext, step: Step<'demote'>): Promise<ActResult> {
  const { dataPlane, memory } = context
  const primary = memberOf(context, step.primary)
  const connection = dataPlane.connection(step.member)
  if (!connection || !primary || !isReached(primary)) return notDone(`${step.member} is not connected`)
  const { replicationId2, secondOffset } = primary.probe
  const promoted = { replicationId2, secondOffset }
  const demoted = await demote(connection, upstreamOf(context, step.primary), { promoted })
  if (!demoted.ok) return notDone(`${step.member} could not be demoted: ${demoted.message}`)
  if (demoted.lostBytes !== undefined) memory.lostBytes = demoted.lostBytes
  // What it was opened for as a primary would have it answer with old sessions as a replica.
  const restored = await restoreServing(connection)
  return restored.ok ? DONE : notDone(`${step.member}: ${restored.message}`)
}

export async function actJoin(context: ServerContext, step: Step<'join'>): Promise<ActResult> {
  const upstream = upstreamOf(context, step.primary)
  return each(step.members, (name) =>
    withConnection(context.dataPlane, name, async (connection) => {
      const joined = await join(connection, upstream)
      if (!joined.ok) return joined
      // Whoever stayed on this member as on a primary gets READONLY for ever; a fresh connection goes where the Service points.
      const cut = await cutClients(connection)
      return cut.ok ? restoreServing(connection) : cut
    }),
  )
}

export async function actSetQuorum(context: ServerContext, step: Step<'setQuorum'>): Promise<ActResult> {
  const { snapshot, dataPlane } = context
  const { primary, epoch, n, w } = step
  const maxLagSeconds = maxLagOf(snapshot)
  const gate = (name: string): Promise<Outcome> =>
    withConnection(dataPlane, name, (connection) => setQuorum(connection, w, maxLagSeconds))
  const others = snapshot.facts.members.filter(isReached).filter((member) => member.name !== primary)
  // The gate of a replica is asserted again when it is promoted: a sick one must not keep the primary from its writes.
  const [gated] = await Promise.all([each([primary], gate), ...others.map((member) => gate(member.name))])
  if (!gated.isDone) return gated
  const record = { storeUID: snapshot.facts.storeUID, epoch, n, w, primary }
  return each([primary], (name) => withConnection(dataPlane, name, (connection) => writeRecord(connection, record)))
}

/** The gates of replicas alone. */
export async function actSetGates({ snapshot, dataPlane }: ServerContext, step: Step<'setGates'>): Promise<ActResult> {
  const maxLagSeconds = maxLagOf(snapshot)
  return each(step.members, (name) =>
    withConnection(dataPlane, name, (connection) => setQuorum(connection, step.w, maxLagSeconds)),
  )
}

function maxLagOf(snapshot: Snapshot): number {
  return Math.floor(snapshot.facts.goal.maxLagMs / 1000)
}

export function memberOf({ snapshot }: ServerContext, name: string): MemberFacts | undefined {
  return snapshot.facts.members.find((member) => member.name === name)
}

function upstreamOf(context: ServerContext, name: string): Readonly<{ host: string; port: number }> {
  const member = memberOf(context, name)
  if (!member) throw new Error(`Cannot point a replica at "${name}": it is no member`)
  return { host: member.host, port: context.snapshot.facts.port }
}

function moveEnd(context: ServerContext, name: string) {
  const connection = context.dataPlane.connection(name)
  return connection && { connection, ...upstreamOf(context, name) }
}

type Outcome = Readonly<{ ok: true }> | Readonly<{ ok: false; message: string }>

export async function withConnection<T extends Outcome>(
  dataPlane: DataPlane,
  name: string,
  act: (connection: Connection) => Promise<T>,
): Promise<T | Readonly<{ ok: false; message: string }>> {
  const connection = dataPlane.connection(name)
  return connection ? act(connection) : { ok: false, message: 'not connected' }
}

async function each(names: readonly string[], act: (name: string) => Promise<Outcome>): Promise<ActResult> {
  const results = await Promise.all(
    names.map(async (name) => {
      const outcome = await act(name)
      return outcome.ok ? DONE : notDone(`${name}: ${outcome.message}`)
    }),
  )
  return all(results)
}

export function all(results: readonly ActResult[]): ActResult {
  const messages = results.flatMap((result) => (result.isDone ? [] : [result.message]))
  return messages.length === 0 ? DONE : notDone(messages.join('; '))
}
