import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planNodes({ areNodesWatched }: ConditionInputs): Of<'NodesObserved'> {
  if (areNodesWatched) {
    const message = 'a Node that is gone or out of service counts as proof that its members have stopped'
    return { type: 'NodesObserved', status: 'True', reason: 'NodesWatched', message }
  }
  const message =
    'the operator may not watch Nodes, so a machine that is off looks like one that is silent: grant it list and watch on nodes'
  return { type: 'NodesObserved', status: 'False', reason: 'NodesNotReadable', message }
}
