import type { FullSyncLoop } from './plan/conditions/inputs.ts'
import { isReached, type MemberFacts } from './plan/facts.ts'

/** A member that joins gets one copy, or a second when its link drops once. */
const LOOP_COPIES = 3
/** A link that was up for so long has left its loop. */
const LASTING_LINK_MS = 30_000

type Start = Readonly<{ copies: number; cuts: number; runId: string; upSinceMs?: number }>

/** Remembers since when members have had no lasting link, and how many full copies their primary has given since. */
export class FullSyncs {
  #primaryRunId: string | undefined
  readonly #starts = new Map<string, Start>()

  /** Told of every look at the members. */
  note(primary: MemberFacts | undefined, members: readonly MemberFacts[], nowMs: number): readonly FullSyncLoop[] {
    if (!primary || !isReached(primary) || primary.probe.runId !== this.#primaryRunId) this.#starts.clear()
    if (!primary || !isReached(primary)) return []
    const { runId, fullCopies: copies, bufferCuts: cuts } = primary.probe
    this.#primaryRunId = runId
    const replicas = members.filter(({ name, pod }) => name !== primary.name && pod !== undefined)
    for (const name of this.#starts.keys()) if (!replicas.some((each) => each.name === name)) this.#starts.delete(name)
    for (const member of replicas) this.#noteMember(member, { copies, cuts, nowMs })
    const given = (start: Start): number => copies - start.copies
    const isLoop = ([, start]: readonly [string, Start]) => given(start) >= LOOP_COPIES * this.#starts.size
    const runIdOf = (name: string) => runIdOfMember(replicas.find((each) => each.name === name))
    return [...this.#starts]
      .filter(isLoop)
      .map(([member, start]) => ({ member, cause: causeOf(start, { cuts, runId: runIdOf(member) }) }))
  }

  /** When the next link has been up for long enough to forget what was before. */
  get dueMs(): number | undefined {
    const dues = [...this.#starts.values()].flatMap(({ upSinceMs }) => upSinceMs ?? [])
    return dues.length === 0 ? undefined : Math.min(...dues) + LASTING_LINK_MS
  }

  #noteMember(member: MemberFacts, now: Readonly<{ copies: number; cuts: number; nowMs: number }>): void {
    const { name } = member
    const start = this.#starts.get(name)
    if (!isLinked(member)) {
      const { upSinceMs: _, ...known } = start ?? { copies: now.copies, cuts: now.cuts, runId: runIdOfMember(member) }
      this.#starts.set(name, known)
    } else if (start) {
      const upSinceMs = start.upSinceMs ?? now.nowMs
      if (now.nowMs - upSinceMs >= LASTING_LINK_MS) this.#starts.delete(name)
      else this.#starts.set(name, { ...start, upSinceMs })
    }
  }
}

function isLinked(member: MemberFacts): boolean {
  return isReached(member) && member.probe.role === 'replica' && member.probe.isLinkUp && !member.probe.isSyncing
}

function runIdOfMember(member: MemberFacts | undefined): string {
  return member && isReached(member) ? member.probe.runId : ''
}

function causeOf(start: Start, now: Readonly<{ cuts: number; runId: string }>): FullSyncLoop['cause'] {
  if (now.cuts > start.cuts) return 'BufferOverflow'
  return start.runId !== '' && now.runId !== start.runId ? 'Restarts' : 'LinkDrops'
}
