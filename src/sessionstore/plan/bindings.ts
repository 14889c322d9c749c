import { matchesLabels } from '../../api/labelselector.ts'
import { DEFAULTS, KEY_PREFIX_PATTERN, LIMITS, RESERVED_KEY_PREFIX } from '../../api/v1alpha1/defaults.ts'
import type { BindingPolicy } from '../../api/v1alpha1/effective.ts'
import type { SessionBinding } from '../../api/v1alpha1/sessionbinding.ts'
import { keyOf } from '../../kube/types.ts'

/** What becomes of one binding of a store. */
export type BindingVerdict =
  | Readonly<{ kind: 'granted'; keyPrefix: string }>
  /** The store does not admit the binding's namespace, which learns no more than that. */
  | Readonly<{ kind: 'notAdmitted' }>
  /** An older binding (`with`, its key) has an overlapping prefix. */
  | Readonly<{ kind: 'prefixConflict'; with: string }>
  | Readonly<{ kind: 'prefixReserved'; keyPrefix: string }>
  | Readonly<{ kind: 'tooMany' }>

/** Labels of a namespace; undefined: there is none of that name, or it was not seen yet. */
export type LabelsOf = (namespace: string) => Readonly<Record<string, string>> | undefined

/** Who may have a login now. */
export type Admission = Readonly<{
  storeNamespace: string
  policy: BindingPolicy
  /** False: nobody new of other namespaces is admitted, as the store is to become Dedicated. */
  isOpen: boolean
  /** undefined: namespaces cannot be read, so what was decided before holds and nothing new is decided. */
  labelsOf?: LabelsOf
}>

/** The prefix of a binding's keys: its own, the one it was given before, else that of the store's tenancy. */
export function keyPrefixOf({ metadata, spec, status }: SessionBinding, { tenancy }: Pick<BindingPolicy, 'tenancy'>) {
  const { namespace = '', name } = metadata
  const first = tenancy === 'Shared' ? `${namespace}:${name}:` : DEFAULTS.keyPrefix
  return spec.keyPrefix ?? status?.keyPrefix ?? first
}

/**
 * Which bindings of one store get a login, by key. Prefixes are prefix-free: with `a:` and `a:b:` one application would
 * read the other's sessions. The older binding keeps its login; by namespace and name among equals, so that every
 * process decides alike. One that is not admitted takes no prefix from anybody.
 */
export function judgeBindings(
  bindings: readonly SessionBinding[],
  admission: Admission,
): ReadonlyMap<string, BindingVerdict> {
  const verdicts = new Map<string, BindingVerdict>()
  const granted = new PrefixSet()
  for (const binding of bindings.toSorted(byAge)) {
    const verdict = judge(binding, admission, granted)
    verdicts.set(keyOf(binding), verdict)
    if (verdict.kind === 'granted') granted.add(verdict.keyPrefix, keyOf(binding))
  }
  return verdicts
}

function judge(binding: SessionBinding, admission: Admission, granted: PrefixSet): BindingVerdict {
  if (!isAdmitted(binding, admission)) return { kind: 'notAdmitted' }
  const keyPrefix = keyPrefixOf(binding, admission.policy)
  if (!isUsable(keyPrefix)) return { kind: 'prefixReserved', keyPrefix }
  const other = granted.overlapping(keyPrefix)
  if (other !== undefined) return { kind: 'prefixConflict', with: other }
  return granted.size < LIMITS.bindings ? { kind: 'granted', keyPrefix } : { kind: 'tooMany' }
}

/** As the schema has it, but longer: a default prefix is made of a namespace and a name. */
const USABLE = new RegExp(KEY_PREFIX_PATTERN.replace('{1,64}', '{1,128}'))

/** Held by the schema, too; a prefix that came past it must not become part of an ACL rule. */
function isUsable(keyPrefix: string): boolean {
  return USABLE.test(keyPrefix) && !overlaps(keyPrefix, RESERVED_KEY_PREFIX)
}

function overlaps(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a)
}

function isAdmitted({ metadata: { namespace = '' }, status }: SessionBinding, admission: Admission): boolean {
  const { storeNamespace, policy, isOpen, labelsOf } = admission
  if (namespace === storeNamespace) return true
  const hasLogin = status?.binding !== undefined
  if (!isOpen && !hasLogin) return false
  switch (policy.from) {
    case 'Same':
      return false
    case 'All':
      return true
    case 'Selector': {
      if (!labelsOf) return hasLogin
      const labels = labelsOf(namespace)
      return labels !== undefined && matchesLabels(policy.selector ?? {}, labels)
    }
  }
}

export type PolicyInputs = Readonly<{
  /** What the spec asks for. */
  wanted: BindingPolicy
  /** What was in force before; undefined: Dedicated. */
  pinned: BindingPolicy | undefined
  storeNamespace: string
  bindings: readonly SessionBinding[]
  labelsOf?: LabelsOf
}>

/** The policy in force, and the other namespaces that keep a store from becoming Dedicated. */
export type PolicyInForce = Readonly<{ admission: Admission; usedBy: readonly string[] }>

/** Shared becomes Dedicated only once no other namespace has a login: until then what was in force stays, for those. */
export function decidePolicy({ wanted, pinned, bindings, ...rest }: PolicyInputs): PolicyInForce {
  const open = { ...rest, policy: wanted, isOpen: true }
  if (wanted.tenancy === 'Shared' || pinned?.tenancy !== 'Shared') return { admission: open, usedBy: [] }
  const before = { ...rest, policy: pinned, isOpen: false }
  const users = bindings.filter(({ metadata }) => metadata.namespace !== rest.storeNamespace)
  const usedBy = new Set(
    users.filter((each) => isAdmitted(each, before)).map(({ metadata }) => `${metadata.namespace}`),
  )
  return usedBy.size > 0 ? { admission: before, usedBy: [...usedBy].sort() } : { admission: open, usedBy: [] }
}

function byAge(a: SessionBinding, b: SessionBinding): number {
  const [first = '', second = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  if (first !== second) return first < second ? -1 : 1
  return compare(a.metadata.namespace ?? '', b.metadata.namespace ?? '') || compare(a.metadata.name, b.metadata.name)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

type Held = Readonly<{ prefix: string; holder: string }>

/** Prefixes of which none is the beginning of another, in order, with their holders. */
class PrefixSet {
  readonly #sorted: Held[] = []

  get size(): number {
    return this.#sorted.length
  }

  add(prefix: string, holder: string): void {
    this.#sorted.splice(this.#place(prefix), 0, { prefix, holder })
  }

  /** Who holds a prefix that overlaps. As the set is prefix-free, only the two neighbours can. */
  overlapping(prefix: string): string | undefined {
    const place = this.#place(prefix)
    const neighbours = [this.#sorted[place - 1], this.#sorted[place]]
    return neighbours.find((held) => held && overlaps(held.prefix, prefix))?.holder
  }

  /** The number of prefixes that come before. */
  #place(prefix: string): number {
    let [low, high] = [0, this.#sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle]?.prefix ?? '') < prefix) low = middle + 1
      else high = middle
    }
    return low
  }
}
