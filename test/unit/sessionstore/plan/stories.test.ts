import { expectGoldenText } from '../../../support/golden.ts'
import { deletePod, killServer } from '../../../support/topology/world/cluster.ts'
import { setSize, thaw } from '../../../support/topology/world/faults.ts'
import { type Chapter, primaryOf, tellStory } from '../../../support/topology/world/story.ts'

const killPrimary: Chapter = ({ world }) => {
  const pod = primaryOf(world)
  if (pod.server) killServer(pod.server)
  pod.startMs = world.nowMs + 800
  return `the server of ${pod.name} is killed; its container starts again, empty`
}

const hangPrimary: Chapter = ({ world, later }) => {
  const { server, name } = primaryOf(world)
  if (server) {
    server.isHung = true
    later.push({ atMs: world.nowMs + 8000, undo: () => thaw(server) })
  }
  return `${name} hangs for 8 s`
}

const deletePrimary: Chapter = ({ world }) => {
  const pod = primaryOf(world)
  deletePod(world, pod)
  return `pod ${pod.name} is deleted`
}

const loseReplicas: Chapter = ({ world }) => {
  for (const pod of world.pods) {
    if (pod.role === 'primary' || !pod.server) continue
    killServer(pod.server)
    pod.startMs = world.nowMs + 12_000
  }
  return 'both replicas are killed and start again after 12 s'
}

const loseAll: Chapter = ({ world }) => {
  for (const pod of world.pods) {
    if (pod.server) killServer(pod.server)
    pod.startMs = world.nowMs + 1000
  }
  return 'all servers are killed at once'
}

const scaleTo =
  (n: number): Chapter =>
  ({ world }) => {
    setSize(world, n)
    return `the goal is ${n} members, w ${world.goal.w}`
  }

const roll: Chapter = ({ world }) => {
  world.template += 1
  return 'the pod template changes'
}

const stories: Readonly<Record<string, readonly Chapter[]>> = {
  bootstrap: [],
  'primary-killed': [killPrimary],
  'primary-silent': [hangPrimary],
  'planned-move': [deletePrimary],
  'scale-in': [scaleTo(5), scaleTo(2)],
  'lone-survivor': [loseReplicas],
  'all-lost': [loseAll],
  roll: [roll],
}

describe('planTopology() in stories', () => {
  for (const [name, chapters] of Object.entries(stories)) {
    it(`tells ${name} as it was reviewed`, async () => {
      await expectGoldenText(`topology/${name}.story`, tellStory(chapters))
    })
  }
})
