import { PODS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { until } from '../until.ts'
import { endPod, runPods } from './kubelet.ts'
import type { Stage } from './stage.ts'

/** Lets a roll go on, each pod that leaves followed by its new one, until the template is everywhere; gives who left, in order. */
export async function rollOn(stage: Stage, name: string): Promise<readonly string[]> {
  const ref = stage.ref(name)
  const rolled: string[] = []
  await until(
    async (see) => {
      const set = await stage.client.get(STATEFUL_SETS, ref)
      const wanted = set.spec?.template.metadata?.annotations?.[ANNOTATIONS.configHash]
      const all = (await stage.client.list(PODS, { namespace: ref.namespace })).items
      const pods = all.filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
      const leaving = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      if (leaving.length > 1) throw new Error(`Two pods at once: ${leaving.map(({ metadata }) => metadata.name)}`)
      for (const { metadata } of leaving) {
        rolled.push(metadata.name)
        await endPod(stage.client, stage.servers, stage.ref(metadata.name))
      }
      await runPods(stage.client, ref)
      see({ wanted, rolled, log: stage.rig.log.lines.slice(-3) })
      const isNew = pods.filter(({ metadata }) => metadata.annotations?.[ANNOTATIONS.configHash] === wanted)
      return leaving.length === 0 && isNew.length === set.spec?.replicas
    },
    { what: `the roll of ${name}`, deadlineMs: 60_000, everyMs: 100 },
  )
  return rolled
}
