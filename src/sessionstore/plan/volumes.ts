import { formatBytes } from '../../api/v1alpha1/quantity.ts'
import type { VolumeInput } from '../../resources/claims.ts'
import type { Obstacle } from './obstacles.ts'

/** A PersistentVolumeClaim with the name of a volume of the store. */
export type ClaimFacts = Readonly<{
  name: string
  ordinal: number
  /** It carries the UID of this store; another store's must not be mounted unasked. */
  isOwn: boolean
  /** UID of the store whose records are on it. */
  dataUid: string
  requestedBytes: number
  capacityBytes: number
  isBound: boolean
  isTerminating: boolean
  storageClassName?: string
}>

export type ClassFacts = Readonly<{ name: string; isDefault: boolean; canExpand: boolean; createdMs: number }>

/** What is known of the volumes of a store that has some. */
export type VolumeFacts = Readonly<{
  storeUid: string
  /** `persistence.size`, where the spec says it. */
  wantedBytes?: number
  /** What is computed for a new store. */
  defaultBytes: number
  /** What the servers may hold, `maxmemory`. */
  memoryBytes: number
  /** Of the spec, or pinned. */
  storageClassName?: string
  adoptVolumes: boolean
  /** The StatefulSet, also while it is being replaced; absent: not created yet. */
  set?: Readonly<{ templateBytes: number; replicas: number; dataUid?: string }>
  /** By ordinal. */
  claims: readonly ClaimFacts[]
  /** `unknown`: StorageClasses may not be read. */
  classes: readonly ClassFacts[] | 'unknown'
  /** What the API server answered when the volumes were to grow to the size of the spec. */
  expansionRefused?: string
}>

/** What the StatefulSet is made from now. */
export function volumesInForce(facts: VolumeFacts): VolumeInput {
  const { set, claims, storageClassName } = facts
  const className = storageClassName ?? (set ? undefined : defaultClass(facts)?.name)
  const [first] = claims.filter(({ isOwn }) => isOwn)
  return {
    sizeBytes: givenBytes(facts) || (facts.wantedBytes ?? facts.defaultBytes),
    ...(className !== undefined && { storageClassName: className }),
    dataUid: set?.dataUid ?? first?.dataUid ?? facts.storeUid,
  }
}

/** The largest size that the template or a volume was given; 0 before there is one. */
function givenBytes({ set, claims }: VolumeFacts): number {
  const own = claims.filter(({ isOwn }) => isOwn)
  return Math.max(set?.templateBytes ?? 0, ...own.map(({ requestedBytes }) => requestedBytes))
}

/** The size that every volume and the template should get. */
export function goalBytes(facts: VolumeFacts): number {
  return Math.max(givenBytes(facts), facts.wantedBytes ?? 0)
}

/** The newest of them, as the API server chooses among several. */
function defaultClass({ classes }: VolumeFacts): ClassFacts | undefined {
  if (classes === 'unknown') return undefined
  return classes.filter(({ isDefault }) => isDefault).toSorted((a, b) => b.createdMs - a.createdMs)[0]
}

/** No class is named and none is the default: a claim would wait for ever. Where nobody may look the API server decides. */
export function lacksClass(facts: VolumeFacts): boolean {
  const { set, classes } = facts
  return set === undefined && classes !== 'unknown' && volumesInForce(facts).storageClassName === undefined
}

/** Ordinals that get a pod and have had none: what lies there under their names is to be looked at first. */
export function newOrdinals({ set }: VolumeFacts, replicas: number): readonly number[] {
  const from = set?.replicas ?? 0
  return Array.from({ length: Math.max(0, replicas - from) }, (_, index) => from + index)
}

export type ForeignVerdict =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'adopt'; claims: readonly ClaimFacts[] }>
  | Readonly<{ kind: 'refuse'; message: string }>

/** Judges the volumes that lie under the names of ours and are not ours; `strangers` are claims without our labels. */
export function judgeForeign(facts: VolumeFacts, replicas: number, strangers: readonly string[]): ForeignVerdict {
  const ordinals = newOrdinals(facts, replicas)
  // Before the first pod every volume of the name counts: the newest data may be on any of them.
  const foreign = facts.claims.filter(({ isOwn, ordinal }) => !isOwn && (!facts.set || ordinals.includes(ordinal)))
  const names = [...foreign.map(({ name }) => name), ...strangers].join(', ')
  if (names === '') return { kind: 'none' }
  const refuse = (why: string): ForeignVerdict => ({ kind: 'refuse', message: `Cannot use volumes ${names}: ${why}` })
  const leaving = foreign.filter(({ isTerminating }) => isTerminating)
  if (leaving.length > 0) return refuse('they are of another SessionStore and are being deleted; wait for their end')
  if (strangers.length > 0)
    return refuse('they belong to nobody known; delete them, or create the SessionStore under another name')
  if (facts.set)
    return refuse('they are of a deleted SessionStore, and a running one cannot take its sessions over; delete them')
  if (!facts.adoptVolumes)
    return refuse(
      'they hold the sessions of a deleted SessionStore of this name; set spec.persistence.adoptVolumes to true to go on with those sessions, revoked ones too, or delete the volumes to begin without',
    )
  const needed = Math.max(...foreign.map(({ ordinal }) => ordinal)) + 1
  if (needed > replicas)
    return refuse(
      `adopting them needs ${needed} replicas and spec.replicas is ${replicas}; raise it, or delete the volumes beyond`,
    )
  const origins = new Set(facts.claims.map(({ dataUid }) => dataUid))
  if (origins.size > 1)
    return refuse('they hold the sessions of more than one SessionStore; delete those that are not wanted')
  return { kind: 'adopt', claims: foreign }
}

/** Our volumes that are smaller than they should be and can be asked to grow: only a bound one can. */
export function claimsToExpand(facts: VolumeFacts): readonly ClaimFacts[] {
  if (canExpand(facts) === false || facts.expansionRefused !== undefined) return []
  const goal = goalBytes(facts)
  return facts.claims.filter((claim) => claim.isOwn && claim.isBound && claim.requestedBytes < goal)
}

/** The volumes were told of their size, and the immutable template was not. */
export function isTemplateBehind(facts: VolumeFacts): boolean {
  const { set, claims } = facts
  const goal = goalBytes(facts)
  const own = claims.filter(({ isOwn }) => isOwn)
  return (
    set !== undefined &&
    set.templateBytes < goal &&
    own.length >= set.replicas &&
    own.every(({ requestedBytes }) => requestedBytes >= goal)
  )
}

/** undefined: only trying shows. A class that is not there has volumes that somebody made by hand. */
function canExpand(facts: VolumeFacts): boolean | undefined {
  const { classes } = facts
  if (classes === 'unknown') return undefined
  const name = classOf(facts)
  return classes.some((each) => each.name === name && each.canExpand)
}

function classOf({ claims, storageClassName }: VolumeFacts): string | undefined {
  return claims.find(({ isOwn }) => isOwn)?.storageClassName ?? storageClassName
}

/** What is in the way of the volumes that the spec asks for. */
export function findVolumeObstacle(facts: VolumeFacts): Obstacle | undefined {
  return findMissingClass(facts) ?? findSizeObstacle(facts) ?? findSmallSize(facts)
}

/** The size is computed once, or written by somebody, and the memory has grown beyond it: said before the volumes are full. */
function findSmallSize(facts: VolumeFacts): Obstacle | undefined {
  const { memoryBytes, defaultBytes, set } = facts
  const goal = goalBytes(facts)
  if (set === undefined || goal >= memoryBytes) return undefined
  return {
    reason: 'InvalidConfig',
    isForeseen: true,
    message: `spec.persistence.size: the volumes have ${formatBytes(goal)} and maxmemory is ${formatBytes(memoryBytes)}, so they will be full before the memory is, and the primary then refuses writes; set spec.persistence.size to ${formatBytes(defaultBytes)}, or lower spec.capacity`,
  }
}

function findMissingClass(facts: VolumeFacts): Obstacle | undefined {
  const { classes, claims } = facts
  const waiting = claims.filter(({ isOwn, isBound }) => isOwn && !isBound)
  const name = classOf(facts)
  if (classes === 'unknown' || waiting.length === 0 || name === undefined) return undefined
  if (classes.some((each) => each.name === name)) return undefined
  return {
    reason: 'StorageClassMissing',
    message: `volumes ${namesOf(waiting)} wait for StorageClass "${name}", which does not exist; create it, or create the SessionStore anew with another storageClassName`,
  }
}

function findSizeObstacle(facts: VolumeFacts): Obstacle | undefined {
  const { wantedBytes = 0, expansionRefused } = facts
  const [given, goal] = [givenBytes(facts), goalBytes(facts)]
  if (given === 0) return undefined
  const [has, wants] = [formatBytes(given), formatBytes(wantedBytes || goal)]
  if (wantedBytes > 0 && wantedBytes < given)
    return {
      reason: 'InvalidConfig',
      message: `Cannot shrink the volumes: spec.persistence.size is ${wants} and they have ${has}; set it to at least ${has}`,
    }
  const smallest = Math.min(...facts.claims.filter(({ isOwn }) => isOwn).map((claim) => claim.requestedBytes))
  if (smallest >= goal) return undefined
  const back = given < wantedBytes ? `set spec.persistence.size back to ${has}, as none has grown yet, or ` : ''
  const wayOut = `${back}create another SessionStore with larger volumes`
  if (expansionRefused !== undefined)
    return {
      reason: 'ExpansionNotAllowed',
      message: `the volumes stay at ${formatBytes(smallest)}, as the API server refuses ${wants}: ${expansionRefused}; allow it, ${wayOut}`,
    }
  if (canExpand(facts) !== false) return undefined
  return {
    reason: 'ExpansionNotAllowed',
    message: `StorageClass "${classOf(facts) ?? ''}" does not let volumes grow, so they stay at ${formatBytes(smallest)} instead of ${wants} and the store goes on; set allowVolumeExpansion: true on the class, if its driver can expand, ${wayOut}`,
  }
}

/** How far the volumes are on their way to a larger size; undefined: they have it. */
export function describeGrowth(facts: VolumeFacts): string | undefined {
  const goal = goalBytes(facts)
  const behind = facts.claims.filter((claim) => claim.isOwn && claim.isBound && claim.capacityBytes < goal)
  if (goal === 0 || behind.length === 0) return isTemplateBehind(facts) ? 'volumes have grown' : undefined
  return `volumes ${namesOf(behind)} grow to ${formatBytes(goal)}`
}

function namesOf(claims: readonly ClaimFacts[]): string {
  return claims.map(({ name }) => name).join(', ')
}
