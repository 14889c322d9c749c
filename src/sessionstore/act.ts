import { assertNever } from '../assertnever.ts'
import { type ApiContext, actDescribePods, actLabel, actMark, actNoteRuns, actRestart } from './actpods.ts'
import { actPrepare } from './actprepare.ts'
import {
  actDemote,
  actEstablish,
  actFence,
  actHandOver,
  actJoin,
  actPromote,
  actRepoint,
  actReveal,
  actSetGates,
  actSetQuorum,
  type ServerContext,
} from './actservers.ts'
import { type ActResult, DONE } from './dataplane.ts'
import type { Intent, Outcome, TopologyStep } from './plan/facts.ts'

export type ActContext = ApiContext &
  ServerContext &
  Readonly<{
    /** Writes the intent into the status over the version it was decided on, before the first effect. */
    writeIntent: (intent: Intent) => Promise<void>
    /** Removes the intent from the status, with what came of it. */
    clearIntent: (intent: Intent, outcome: Outcome) => Promise<void>
  }>

/** Carries out one step. Everything before it was acknowledged; everything after it is decided anew from what is seen. */
export async function act(context: ActContext, step: TopologyStep): Promise<ActResult> {
  switch (step.kind) {
    case 'none':
    case 'wait':
    case 'blocked':
      return DONE
    case 'prepare':
      return actPrepare(context, step)
    case 'reveal':
      return actReveal(context, step)
    case 'fence':
      return actFence(context, step)
    case 'repoint':
      return actRepoint(context, step)
    case 'promote':
      return actPromote(context, step)
    case 'establish':
      return actEstablish(context, step)
    case 'handOver':
      return actHandOver(context, step)
    case 'demote':
      return actDemote(context, step)
    case 'join':
      return actJoin(context, step)
    case 'setQuorum':
      return actSetQuorum(context, step)
    case 'setGates':
      return actSetGates(context, step)
    case 'recordIntent':
      return done(context.writeIntent(step.intent))
    case 'clearIntent':
      return done(context.clearIntent(step.intent, step.outcome))
    case 'noteRuns':
      return done(actNoteRuns(context, step))
    case 'mark':
      return done(actMark(context, step))
    case 'label':
      return done(actLabel(context, step).then(() => step.on && context.dataPlane.sendAwayFromAllBut(step.on)))
    case 'describePods':
      return done(actDescribePods(context, step))
    case 'restart':
      return done(actRestart(context, step))
    default:
      return assertNever(step)
  }
}

async function done(work: Promise<unknown>): Promise<ActResult> {
  await work
  return DONE
}
