import type { Intent, Mark, PodChange, TopologyStep } from '../../../src/sessionstore/plan/facts.ts'

/** One line that says what a step does; `wait` and `blocked` give the reason only, `tellWhole` also the message. */
export function tell(step: TopologyStep): string {
  switch (step.kind) {
    case 'none':
      return 'none'
    case 'wait':
      return `wait ${step.reason}`
    case 'blocked':
      return `blocked ${step.reason}`
    case 'prepare':
    case 'reveal':
      return `${step.kind} ${step.members.join(' ')}`
    case 'recordIntent':
      return `intent ${tellIntent(step.intent)}`
    case 'clearIntent':
      return `clear ${tellIntent(step.intent)}: ${step.outcome}`
    case 'mark':
      return `mark ${tellMark(step.mark)}: ${step.reason}`
    case 'fence':
      return `fence ${step.member}`
    case 'repoint':
      return `repoint ${step.moves.map(({ member, to }) => `${member} to ${to}`).join(', ')}`
    case 'promote':
      return `promote ${step.candidate} over epoch ${step.expectedEpoch}`
    case 'establish':
      return `establish ${step.primary} epoch ${step.epoch} n ${step.n} w ${step.w} replicas ${list(step.replicas)}`
    case 'handOver':
      return `hand over ${step.from} to ${step.to}`
    case 'label':
      return `label off ${list(step.off)} on ${step.on ?? 'nobody'}`
    case 'demote':
      return `demote ${step.member} under ${step.primary}`
    case 'join':
      return `join ${step.members.join(' ')} to ${step.primary}`
    case 'setQuorum':
      return `quorum ${step.primary} epoch ${step.epoch} n ${step.n} w ${step.w}`
    case 'noteRuns':
      return `note ${step.runs.map(({ name }) => name).join(' ')}`
    case 'setGates':
      return `gates ${step.members.join(' ')} w ${step.w}`
    case 'describePods':
      return `describe ${step.pods.map(tellChange).join(', ')}`
    case 'restart':
      return `restart ${step.pod}: ${step.reason}`
  }
}

/** `tell` with the message of a wait or a blocked step. */
export function tellWhole(step: TopologyStep): string {
  return step.kind === 'wait' || step.kind === 'blocked' ? `${tell(step)}: ${step.message}` : tell(step)
}

function tellIntent({ kind, epoch, candidate, from, reason }: Intent): string {
  return `${kind} epoch ${epoch} ${candidate}${from === undefined ? '' : ` from ${from}`} (${reason})`
}

function tellMark({ epoch, n, w, maxLagMs }: Mark): string {
  const lag = maxLagMs === 2000 ? '' : ` lag ${maxLagMs / 1000}`
  return `epoch ${epoch} n ${n} w ${w}${lag}`
}

function tellChange({ name, role, isReadable, isJoined }: PodChange): string {
  const words = [
    role,
    isReadable !== undefined && (isReadable ? 'readable' : 'unreadable'),
    isJoined !== undefined && (isJoined ? 'joined' : 'unjoined'),
  ]
  return [name, ...words.filter(Boolean)].join(' ')
}

function list(names: readonly string[]): string {
  return names.join('+') || 'nobody'
}
