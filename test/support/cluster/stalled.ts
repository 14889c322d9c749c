import type { Condition } from '../../../src/kube/types.ts'
import { until } from '../until.ts'
import { readStore, type StoreRef, untilSettled } from './store.ts'

/** Waits until the condition Stalled of a store has this reason (`NotStalled`: nothing is in its way), and gives it. */
export function untilStalled(ref: StoreRef, reason: string): Promise<Condition> {
  return until(
    async (see) => {
      const conditions = ((await readStore(ref)).status?.conditions ?? []) as readonly Condition[]
      see(conditions)
      return conditions.find((each) => each.type === 'Stalled' && each.reason === reason)
    },
    { what: `${ref.namespace}/${ref.name} to say ${reason}`, deadlineMs: 150_000 },
  )
}

/** The store works, and nothing is in its way any more. */
export async function untilHealed(ref: StoreRef): Promise<void> {
  await until(
    async (see) => {
      const { status } = await untilSettled(ref)
      const stalled = status?.conditions?.find(({ type }) => type === 'Stalled')
      see(stalled)
      return stalled?.status === 'False'
    },
    { what: `${ref.name} to be free again`, deadlineMs: 180_000 },
  )
}
