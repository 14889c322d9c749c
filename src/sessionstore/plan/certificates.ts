import type { ClientAuth } from '../../api/v1alpha1/defaults.ts'

/** How long applications have to read a changed Secret: a kubelet brings it to its mounts within about 90 s. */
export const SPREAD_MS = 120_000
/** A served certificate with less left is replaced without waiting for anybody. */
const URGENT_MS = 24 * 3_600_000

/** What the store's TLS Secret holds; authorities and certificates are told apart by their fingerprints. */
export type HeldFacts = Readonly<{
  leafId: string
  /** The authority in the bundle that the served certificate chains to. */
  leafRootId: string
  leafNotAfterMs: number
  /** Made by the operator, and old enough to be replaced, or without a name that it needs. */
  isLeafDue: boolean
  /** The authority of the client certificate of the store itself; undefined: there is none that can be used. */
  clientRootId?: string
  isClientDue: boolean
  trustIds: readonly string[]
  /** Since when applications and servers are told of the last change of trust; undefined: no change is under way. */
  sinceMs?: number
  /** What the servers ask of their clients now. */
  clientAuth: ClientAuth
}>

/** Where the served certificate comes from. `Absent`: from somebody who has none to give at present. */
export type LeafSource =
  | Readonly<{ kind: 'Own' | 'Absent' }>
  | Readonly<{ kind: 'Given'; leafId: string; rootId: string; anchorIds: readonly string[] }>

export type CertificateInputs = Readonly<{
  nowMs: number
  /** The store's own authority: it signs every client certificate, and the served one when nobody gives one. */
  ownId: string
  held?: HeldFacts
  /** Authorities that applications still trust, when the Secret itself is lost. */
  knownIds: readonly string[]
  source: LeafSource
  /** What the spec asks for. */
  clientAuth: ClientAuth
  /** Every member presents, trusts and asks for what is held, and every binding's Secret has it. */
  isSpread: boolean
}>

/** The next content of the TLS Secret. */
export type CertificateWrite = Readonly<{
  kind: 'write'
  leaf: 'held' | 'issue' | 'given'
  client: 'held' | 'issue'
  trustIds: readonly string[]
  since: 'now' | 'keep' | 'none'
  clientAuth: ClientAuth
}>

export type CertificateStep =
  | Readonly<{ kind: 'none' }>
  /** `dueMs`: when time alone lets it go on. */
  | Readonly<{ kind: 'wait'; dueMs: number }>
  | CertificateWrite

type Held = CertificateInputs & Readonly<{ held: HeldFacts }>

/**
 * The next step on the way to the certificates that the spec asks for. Nobody may meet a certificate whose authority it
 * was not told of: an authority is trusted everywhere before it signs, and until the last certificate of it is gone.
 * Each step is derived from what the Secret holds, so any process can go on.
 */
export function planCertificates(inputs: CertificateInputs): CertificateStep {
  const { held } = inputs
  if (!held) return planFirst(inputs)
  return planTrust({ ...inputs, held }) ?? planLeaves({ ...inputs, held }) ?? planEnd({ ...inputs, held })
}

function planFirst({ source, clientAuth, knownIds, ...inputs }: CertificateInputs): CertificateStep {
  if (source.kind === 'Absent') return { kind: 'none' }
  const trustIds = unique([...trustOf({ source, ...inputs }), ...knownIds])
  const leaf = source.kind === 'Own' ? 'issue' : 'given'
  const since = knownIds.some((id) => !trustOf({ source, ...inputs }).includes(id)) ? 'now' : 'none'
  return { kind: 'write', leaf, client: 'issue', trustIds, since, clientAuth }
}

/** First of three: the authorities to come are trusted beside those of today. */
function planTrust(inputs: Held): CertificateStep | undefined {
  const { held } = inputs
  const missing = trustOf(inputs).filter((id) => !held.trustIds.includes(id))
  if (missing.length === 0) return undefined
  const trustIds = [...held.trustIds, ...missing]
  return { kind: 'write', leaf: 'held', client: 'held', trustIds, since: 'now', clientAuth: clientAuthNow(inputs) }
}

/** Second: the certificates themselves, once everybody trusts who signed them. */
function planLeaves(inputs: Held): CertificateStep | undefined {
  const { held, source, ownId, nowMs } = inputs
  const leaf = nextLeaf(inputs)
  const client = held.clientRootId === ownId && !held.isClientDue ? 'held' : 'issue'
  if (leaf === 'held' && client === 'held') return undefined
  const isUrgent = source.kind !== 'Absent' && held.leafNotAfterMs - nowMs < URGENT_MS
  const wait = isUrgent ? undefined : waitFor(inputs)
  if (held.sinceMs !== undefined && wait) return wait
  const isLast = held.sinceMs === undefined && obsoleteIds(inputs, leaf).length === 0
  const { trustIds } = held
  return { kind: 'write', leaf, client, trustIds, since: isLast ? 'none' : 'now', clientAuth: clientAuthNow(inputs) }
}

/** Third: what nobody presents any more is no longer trusted; and a demand for client certificates comes into force. */
function planEnd(inputs: Held): CertificateStep {
  const { held, clientAuth } = inputs
  const obsolete = obsoleteIds(inputs, 'held')
  const trustIds = held.trustIds.filter((id) => !obsolete.includes(id))
  const asked = clientAuthNow(inputs)
  const isDemandDue = clientAuth === 'Require' && held.clientAuth !== 'Require'
  const kept = { kind: 'write', leaf: 'held', client: 'held', trustIds } as const
  if (isDemandDue && held.sinceMs === undefined) return { ...kept, since: 'now', clientAuth: asked }
  if (held.sinceMs === undefined && obsolete.length === 0)
    return held.clientAuth === asked ? { kind: 'none' } : { ...kept, since: 'none', clientAuth: asked }
  // A demand gives its own time to read the certificate; one that is taken back does not wait for anybody.
  const since = isDemandDue ? 'now' : 'keep'
  if (held.clientAuth !== asked) return { ...kept, trustIds: held.trustIds, since, clientAuth: asked }
  return waitFor(inputs) ?? { ...kept, since: 'none', clientAuth }
}

function waitFor({ held, nowMs, isSpread }: Held): CertificateStep | undefined {
  const dueMs = (held.sinceMs ?? 0) + SPREAD_MS
  return isSpread && nowMs >= dueMs ? undefined : { kind: 'wait', dueMs }
}

function nextLeaf({ held, source, ownId }: Held): CertificateWrite['leaf'] {
  switch (source.kind) {
    case 'Absent':
      return 'held'
    case 'Given':
      return held.leafId === source.leafId ? 'held' : 'given'
    case 'Own':
      return held.leafRootId === ownId && !held.isLeafDue ? 'held' : 'issue'
  }
}

/** The authorities of what the spec asks for. */
function trustOf({ ownId, source }: Pick<CertificateInputs, 'ownId' | 'source'>): readonly string[] {
  return source.kind === 'Given' ? unique([ownId, ...source.anchorIds]) : [ownId]
}

function obsoleteIds(inputs: Held, leaf: CertificateWrite['leaf']): readonly string[] {
  const { held } = inputs
  const needed = [...trustOf(inputs), ...(leaf === 'held' ? [held.leafRootId] : [])]
  // While the source has nothing to give, what it gave before may be a chain of several authorities.
  if (inputs.source.kind === 'Absent') return []
  return held.trustIds.filter((id) => !needed.includes(id))
}

/** Clients get the time to read their certificate before one is demanded; until then the servers take both kinds. */
function clientAuthNow({ held, clientAuth }: Held): ClientAuth {
  if (clientAuth !== 'Require') return clientAuth
  return held.clientAuth === 'Require' ? 'Require' : 'Optional'
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)]
}
