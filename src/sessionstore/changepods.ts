import type { Snapshot } from './observe.ts'
import { type CpuContext, giveCpu } from './podcpu.ts'
import { describeRunningPods } from './podmetadata.ts'
import { type ResizeContext, resizePods } from './resize.ts'

/** What of the pods is changed while they run: memory, CPU, labels and annotations. */
export async function changeRunningPods(context: ResizeContext & CpuContext, snapshot: Snapshot): Promise<void> {
  await Promise.all([resizePods(context, snapshot), giveCpu(context, snapshot), describeRunningPods(context, snapshot)])
}
