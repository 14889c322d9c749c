import type { Intent, Mark } from '../../../../src/sessionstore/plan/facts.ts'
import { canReach, podOf, type World } from './cluster.ts'
import { type Cell, hasHistory, isServing, type Server } from './server.ts'

export type Ack = Readonly<{ cell: Cell; atMs: number; epoch: number; server: string }>

/** Looks at every dangerous act and every acknowledged write; throws at the first that breaks a rule. */
export type Watch = Readonly<{
  acks: Ack[]
  onMark(mark: Mark): void
  onGate(w: number): void
  onReveal(name: string): void
  /** `seen`: the runs of the servers that had answered when it was decided, by the names of their members. */
  onIntent(intent: Intent, seen: ReadonlyMap<string, number>): void
  /** `reached`: the servers that answered when the step was decided. */
  onPromote(candidate: Server, reached: readonly Server[]): void
  onRecord(server: Server, epoch: number, isAwaited: boolean): void
  onAck(server: Server, cell: Cell): void
  onTick(): void
}>

export class Broken extends Error {}

/** For so long at least everybody is waited for after a restart from nothing. */
const PATIENCE_MS = 25_000

export function watchOver(world: World): Watch {
  const acks: Ack[] = []
  let newestEpoch = 0
  let newestPrimary: Server | undefined
  let newestSinceMs = 0
  let markedEpoch = 0
  /** Asynchronous stores have no fence: what a cut-off primary of an earlier epoch takes is lost, as documented. */
  let forgivenBelow = 0
  let writer = ''
  const ended = new Set<string>()
  let judged: Server | undefined
  let newestId = 0
  /** When the newest primary could last be reached by an operator: it is waited for from then on. */
  let reachedMs = 0
  /** The newest primary that ended, and the last server that was started before its end. */
  let fallen: Readonly<{ primary: Server; lastId: number; atMs: number }> | undefined

  function breakRule(rule: string): never {
    throw new Broken(rule)
  }

  function forgiveAsync(): void {
    const isChanging = world.intent !== undefined && world.intent.epoch > newestEpoch
    if (world.goal.w === 0) forgivenBelow = Math.max(forgivenBelow, isChanging ? newestEpoch + 1 : newestEpoch)
  }

  function judge(server: Server, epoch: number): void {
    // With its status an operator forgets a change of the primary that was not marked yet, and to whom nobody was led.
    const newest = world.isForgetful ? markedEpoch : newestEpoch
    if (epoch < newest) breakRule(`${server.name} acknowledges a write in epoch ${epoch}, the newest is ${newest}`)
    if (ended.has(termOf(server)) && !world.isForgetful)
      breakRule(`${server.name} acknowledges a write after ${writer} did`)
  }

  /** On volumes a last primary that is back has all that was acknowledged; where nobody lived on, nobody else is better. */
  function judgeRestart(candidate: Server, reached: readonly Server[]): void {
    if (!world.disks || !fallen || fallen.primary !== newestPrimary) return
    const { primary, lastId } = fallen
    const back = reached.find((server) => server.name === primary.name && server.preparedHash !== '')
    const isFromNothing = reached.every((server) => server.id > lastId)
    // One that cannot be prepared is not waited for.
    const isElectable = !world.unpreparable.has(primary.name)
    if (!back || !isElectable || !isFromNothing || world.isForgetful || !hasHistory(back, primary.head)) return
    if (!hasHistory(candidate, primary.head))
      breakRule(
        `${candidate.name} is promoted after all restarted while the last primary ${back.name} is back with more`,
      )
  }

  return {
    acks,
    onMark(mark) {
      if (mark.epoch < markedEpoch) breakRule(`the mark's epoch fell from ${markedEpoch} to ${mark.epoch}`)
      if (mark.epoch > newestEpoch) breakRule(`the mark has epoch ${mark.epoch}, the newest record ${newestEpoch}`)
      markedEpoch = mark.epoch
    },
    onGate(w) {
      forgiveAsync()
      const { mark } = world
      if (mark && w < mark.w) breakRule(`a server is told w ${w} while the mark says ${mark.w}`)
    },
    onReveal(name) {
      if (podOf(world, name)?.role === 'primary') breakRule(`${name} is revealed while it is labelled`)
    },
    onIntent({ kind, candidate }, seen) {
      if (kind !== 'Failover' || !world.disks || !fallen || fallen.primary !== newestPrimary || world.isForgetful)
        return
      const { primary, lastId, atMs } = fallen
      // It is back: from here on others take its data.
      if (candidate === primary.name) fallen = undefined
      const isFromNothing = [...seen.values()].every((run) => run > lastId)
      if (!isFromNothing || !seen.has(candidate) || seen.has(primary.name) || !world.disks.has(primary.name)) return
      const awayMs = world.nowMs - atMs
      if (awayMs < PATIENCE_MS)
        breakRule(`${candidate} is chosen after all restarted while the last primary is away for ${awayMs} ms only`)
    },
    onPromote(candidate, reached) {
      forgiveAsync()
      const own = candidate.head.record?.epoch ?? 0
      for (const other of reached) {
        const epoch = other.head.record?.epoch ?? 0
        if (epoch > own)
          breakRule(`${candidate.name} of epoch ${own} is promoted while ${other.name} has epoch ${epoch}`)
      }
      judgeRestart(candidate, reached)
    },
    onRecord(server, epoch, isAwaited) {
      // A server that thaws does what it was told as a primary; as a zombie it changes nothing with it.
      if (epoch < newestEpoch && (!isAwaited || world.isForgetful)) return
      if (server.preparedHash === '') breakRule(`${server.name} becomes the primary and was never prepared`)
      if (epoch < newestEpoch) breakRule(`${server.name} records epoch ${epoch} after ${newestEpoch}`)
      // Before the mark an epoch may be forgotten and begun again: nobody was ever led to its first primary.
      // A status that is wiped between promotion and record leaves a master that came back from its disk with its old record.
      const isSameAgain = world.isForgetful && newestPrimary?.name === server.name
      const isUsed = newestPrimary !== undefined && (newestPrimary.labelledMs ?? -1) > newestSinceMs
      if (
        epoch === newestEpoch &&
        newestPrimary &&
        newestPrimary !== server &&
        isUsed &&
        !isSameAgain &&
        !server.isMadeByHand
      )
        breakRule(`epoch ${epoch} has two primaries, ${newestPrimary.name} and ${server.name}`)
      // A former primary that was chosen again begins anew.
      ended.delete(termOf(server))
      if (epoch > newestEpoch || newestPrimary !== server) newestSinceMs = world.nowMs
      newestEpoch = epoch
      newestPrimary = server
      forgiveAsync()
    },
    onAck(server, cell) {
      // What somebody writes to a master that was made by hand is outside the protocol.
      if (server.isMadeByHand) return
      const epoch = cell.record?.epoch ?? 0
      acks.push({ cell, atMs: world.nowMs, epoch, server: server.name })
      if (epoch < forgivenBelow) return
      judge(server, epoch)
      const term = termOf(server)
      if (writer !== '' && writer !== term) ended.add(writer)
      writer = term
    },
    onTick() {
      // Servers that have ended leave the world.
      newestId = Math.max(newestId, ...world.servers.map(({ id }) => id))
      const isReachable = newestPrimary && isServing(newestPrimary) && canReach(world, 'operator', newestPrimary.node)
      if (isReachable) reachedMs = world.nowMs
      if (newestPrimary && !newestPrimary.isAlive && judged !== newestPrimary) {
        judged = newestPrimary
        fallen = { primary: newestPrimary, lastId: newestId, atMs: reachedMs }
      }
      const labelled = world.pods.filter((pod) => pod.role === 'primary')
      if (labelled.length > 1) breakRule(`${labelled.map((pod) => pod.name).join(' and ')} are labelled as primary`)
    },
  }
}

function termOf(server: Server): string {
  return `${server.name}/${server.id}/${server.terms}`
}

/** Acknowledged writes that the history of `server` does not have. */
export function lostWrites(acks: readonly Ack[], server: Server): readonly Ack[] {
  const kept = new Set<Cell>()
  for (let cell: Cell | undefined = server.head; cell; cell = cell.before) kept.add(cell)
  return acks.filter((ack) => !kept.has(ack.cell))
}
