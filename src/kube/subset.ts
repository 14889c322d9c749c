import { isSameQuantity } from './quantity.ts'

type Fields = Readonly<Record<string, unknown>>

/** Under these keys the API server writes quantities in its normal form. */
const QUANTITY_MAPS: ReadonlySet<string> = new Set(['limits', 'requests', 'hard', 'capacity', 'overhead'])
const QUANTITIES: ReadonlySet<string> = new Set(['sizeLimit', 'divisor', 'averageValue'])

/** Owned as a whole by whoever declares them: a key that somebody added changes what is selected. */
const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  'selector',
  'labelSelector',
  'podSelector',
  'namespaceSelector',
  'nodeSelector',
])

/** Lists that are sets of plain values; every other list of plain values (args, command) is atomic. */
const SETS: ReadonlySet<string> = new Set(['finalizers'])

/**
 * The natural keys of lists of objects, the first whose fields every declared item has; `protocol` is TCP when absent.
 * Lists under the names of `ATOMIC_LISTS` are compared by index, as the API server replaces them whole.
 */
const NATURAL_KEYS: readonly (readonly string[])[] = [
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
  ['name'],
  ['mountPath'],
  ['devicePath'],
  ['uid'],
  ['type', 'status'],
  ['conditionType'],
  ['ip'],
  ['topologyKey', 'whenUnsatisfiable'],
]

const ATOMIC_LISTS: ReadonlySet<string> = new Set([
  'items',
  'tolerations',
  'matchExpressions',
  'matchFields',
  'ingress',
  'egress',
  'sources',
  'preferredDuringSchedulingIgnoredDuringExecution',
  'requiredDuringSchedulingIgnoredDuringExecution',
  'nodeSelectorTerms',
  'volumeClaimTemplates',
  'options',
])

/** Texts that belong to people or programs: nothing in them is a quantity or a list of Kubernetes. */
const PLAIN_MAPS: ReadonlySet<string> = new Set(['data', 'binaryData', 'labels', 'annotations', 'matchLabels'])

/**
 * Whether `live` already has all that `desired` declares. What others added counts only where the API server treats a map
 * or a list as one value. `field` is the name of the field that holds both values.
 */
export function isSubset(desired: unknown, live: unknown, field = ''): boolean {
  return isWithin(desired, live, { field, isWhole: false })
}

type Place = Readonly<{
  field: string
  /** Inside an atomic list, where an item that others added counts too. */
  isWhole: boolean
}>

function isWithin(desired: unknown, live: unknown, place: Place): boolean {
  if (Object.is(desired, live)) return true
  if (Array.isArray(desired)) return Array.isArray(live) && isListWithin(desired, live, place)
  if (isFields(desired)) return isFields(live) && isMapWithin(desired, live, place)
  return QUANTITIES.has(place.field) && isQuantity(desired) && isQuantity(live) && isSameQuantity(desired, live)
}

function isMapWithin(desired: Fields, live: Fields, { field, isWhole }: Place): boolean {
  if (ATOMIC_MAPS.has(field) || PLAIN_MAPS.has(field)) {
    return ATOMIC_MAPS.has(field) ? isEqual(desired, live) : hasEntries(desired, live)
  }
  const isQuantities = QUANTITY_MAPS.has(field)
  return Object.entries(desired).every(([key, value]) =>
    isWithin(value, live[key], { field: isQuantities && !isFields(value) ? 'divisor' : key, isWhole }),
  )
}

function hasEntries(desired: Fields, live: Fields): boolean {
  return Object.entries(desired).every(([key, value]) => isEqual(value, live[key]))
}

function isListWithin(desired: readonly unknown[], live: readonly unknown[], { field, isWhole }: Place): boolean {
  if (SETS.has(field)) return desired.every((item) => live.includes(item))
  const keys = ATOMIC_LISTS.has(field) ? undefined : naturalKeyOf(desired)
  if ((!keys || isWhole) && desired.length !== live.length) return false
  if (!keys) return desired.every((item, index) => isWithin(item, live[index], { field: '', isWhole: true }))
  const found = new Map(live.filter(isFields).map((item) => [identify(item, keys), item]))
  return desired
    .filter(isFields)
    .every((item) => isWithin(item, found.get(identify(item, keys)), { field: '', isWhole }))
}

function naturalKeyOf(items: readonly unknown[]): readonly string[] | undefined {
  if (items.length === 0 || !items.every(isFields)) return undefined
  return NATURAL_KEYS.find((keys) =>
    items.every((item) => keys.every((key) => key === 'protocol' || item[key] !== undefined)),
  )?.filter((key) => key !== 'status')
}

function identify(item: Fields, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => item[key] ?? (key === 'protocol' ? 'TCP' : null)))
}

/** JSON equality: the order of keys does not count, and a missing key equals an undefined one. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
  }
  if (!isFields(a) || !isFields(b)) return false
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => isEqual(a[key], b[key]))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isQuantity(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
