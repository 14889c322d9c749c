import { newClients } from './clients.ts'
import type { World } from './cluster.ts'
import type { Scene } from './faults.ts'
import { lostWrites, watchOver } from './invariants.ts'
import { note } from './operator.ts'
import { findWhole, NODES, newScene, tickWorld } from './simulate.ts'

const TICK_MS = 100
const LIMIT_MS = 120_000

/** Something that happens to a store of three when it is whole; what it returns begins a paragraph. */
export type Chapter = (scene: Scene) => string

/** What the operator says while a store of three gets well after each chapter, and what its clients lost. */
export function tellStory(chapters: readonly Chapter[]): string {
  const scene = newScene(1)
  const { world } = scene
  world.goal = { ...world.goal, n: 3, w: 1, whenDegraded: 'Relax' }
  world.replicas = 3
  const watch = watchOver(world)
  const clients = newClients(NODES)
  note(world, '* a store of three is created')
  let primary = runUntilWhole(scene, () => tickWorld(scene, watch, clients))
  // How a store begins is told once.
  if (chapters.length > 0) world.notes.length = 0
  for (const chapter of chapters) {
    note(world, `* ${chapter(scene)}`)
    primary = runUntilWhole(scene, () => tickWorld(scene, watch, clients))
  }
  const lost = lostWrites(watch.acks, primary).length
  const isAnyLost = lost > 0 ? 'some acknowledged writes are lost' : 'no acknowledged write is lost'
  const lines = world.notes.filter((line) => !/^[\d.]+s none$/.test(line))
  return `${lines.join('\n')}\n${isAnyLost}\n`
}

function runUntilWhole(scene: Scene, tick: () => void): ReturnType<typeof findWhole> & object {
  const { world } = scene
  const startMs = world.nowMs
  // A fault is noticed a moment later; until then all looks well.
  let wholeTicks = 0
  while (world.nowMs - startMs < LIMIT_MS) {
    tick()
    world.nowMs += TICK_MS
    const primary = findWhole(scene)
    wholeTicks = primary ? wholeTicks + 1 : 0
    if (primary && wholeTicks > 20) return primary
  }
  throw new Error(`Cannot end the story: the store is not whole after ${LIMIT_MS} ms\n${world.notes.join('\n')}`)
}

/** The pod that the Service leads to. */
export function primaryOf(world: World): World['pods'][number] {
  const pod = world.pods.find((each) => each.role === 'primary')
  if (!pod) throw new Error('Cannot find the primary: no pod is labelled')
  return pod
}
