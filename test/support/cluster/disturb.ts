import { expect } from 'chai'
import type { SessionStore } from '../../../src/api/v1alpha1/sessionstore.ts'
import { until } from '../until.ts'
import type { ClientPod } from './client.ts'
import { untilAgreed } from './members.ts'
import { watchPrimaries } from './primaries.ts'
import { report } from './report.ts'
import { isSettled, readStore, type StoreRef } from './store.ts'
import { startWriter, type Verified, type Writer, type WriterOptions, type WriterSummary } from './writer.ts'

/** What a fault, or a planned act, did to a client that went on writing. */
export type Outcome = Readonly<{
  summary: WriterSummary
  verified: Verified
  /** From the act to a settled store, as the status tells. */
  settledMs: number
  /** Sets of pods with the label primary, oldest first. */
  history: readonly (readonly string[])[]
}>

export type Disturbance = Readonly<{
  title: string
  /** The fault or the act itself; the writer is given for what must happen at a moment of the fault. */
  act: (writer: Writer) => Promise<void>
  /** True once the store is what it must become. Default: settled, in a later epoch than before. */
  isOver?: (store: SessionStore, before: SessionStore) => boolean | Promise<boolean>
  /** What must be undone or done after the store has recovered, while the writer still writes. */
  then?: () => Promise<void>
  deadlineMs?: number
  writer?: Partial<WriterOptions>
}>

/**
 * Does one act to a store under a writer, waits until the store is settled by itself and every connection writes again,
 * reads back what was acknowledged, and asserts the invariants that hold after any act: at no moment two labelled
 * primaries; label, ROLE, record and status agree. Prints downtime, losses and the time to Ready.
 */
export async function disturb(client: ClientPod, ref: StoreRef, what: Disturbance): Promise<Outcome> {
  const { title, act, isOver = isNextEpoch, then, deadlineMs = 120_000 } = what
  const before = await readStore(ref)
  const watch = await watchPrimaries(ref)
  const writer = await startWriter(client, { binding: ref.name, ...what.writer })
  try {
    await writer.untilFlowing(100)
    const startedMs = performance.now()
    await act(writer)
    await until(
      async (see) => {
        const store = await readStore(ref)
        see(store.status)
        return isOver(store, before)
      },
      { what: `${ref.name} to settle after: ${title}`, deadlineMs },
    )
    const settledMs = Math.round(performance.now() - startedMs)
    await then?.()
    writer.wake()
    await writer.untilFlowing(200)
    const summary = await writer.stop()
    await untilAgreed(client, ref)
    const verified = await writer.verify()
    await watch.stop()
    tell(title, { summary, verified, settledMs }, await readStore(ref))
    expect(summary.unrecovered, 'connections that never wrote again').to.equal(0)
    return { summary, verified, settledMs, history: watch.history() }
  } catch (error) {
    writer.kill()
    await watch.stop().catch(() => undefined)
    throw error
  }
}

function isNextEpoch(store: SessionStore, before: SessionStore): boolean {
  return isSettled(store, before.status?.epoch)
}

function tell(title: string, outcome: Omit<Outcome, 'history'>, { status }: SessionStore): void {
  const { summary, verified, settledMs } = outcome
  const { reason, downtime } = status?.lastFailover ?? {}
  report(title, {
    downtimeMs: summary.downtimeMs,
    serviceGapMs: summary.serviceGapMs,
    failed: summary.failed,
    acknowledged: verified.checked,
    lost: verified.lost,
    lostSpanMs: verified.lostSpanMs,
    readyMs: settledMs,
    statusSays: `${reason} ${downtime}`,
    causes: Object.entries(summary.causes)
      .map(([cause, count]) => `${cause}:${count}`)
      .join(' '),
  })
}
