import type { Rule } from '../../schema.ts'
import { boolean, object, oneOf, quantity, string } from '../../schema.ts'
import { DEFAULTS, LIMITS, PERSISTENCE_MODES, RETAIN_POLICIES } from '../defaults.ts'
import { immutable, quantityRange } from './rules.ts'

/** What only a store with volumes has. */
const VOLUME_FIELDS = ['size', 'storageClassName', 'retain', 'adoptVolumes'] as const

/** Schema of `spec.persistence`. */
export const persistence = object(
  'Whether sessions survive a restart of every pod, on a volume for each pod. Replicas protect from the loss of some pods without it.',
  {
    mode: oneOf(
      'None keeps sessions in memory only. RDB writes a snapshot every five minutes, every minute under load, and on a clean stop. AOF logs every write and flushes once a second.',
      PERSISTENCE_MODES,
      { defaultText: DEFAULTS.persistenceMode, change: 'no' },
    ),
    size: quantity('Size of the volume of each pod, such as 10Gi. Needs mode RDB or AOF.', {
      defaultText: '3 times maxMemory for RDB, 5 times for AOF, in whole Gi, as computed when the store is created',
      change:
        'live; it can only grow, and only where the StorageClass allows it; a size that no volume was given yet can be taken back',
      rules: [quantityRange('size', LIMITS.volumeSize)],
    }),
    storageClassName: string('StorageClass of the volumes. Needs mode RDB or AOF.', {
      minLength: 1,
      maxLength: 253,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      defaultText: 'the default StorageClass of the cluster, as it is when the store is created',
      change: 'no',
    }),
    retain: oneOf(
      'What becomes of the volumes when the SessionStore is deleted. The volume of a pod that is scaled away is always deleted. Needs mode RDB or AOF.',
      RETAIN_POLICIES,
      { defaultText: DEFAULTS.retain, change: 'live' },
    ),
    adoptVolumes: boolean(
      'Takes over the volumes, and with them the sessions, that a deleted SessionStore of this name left. Without it such a store waits: sessions that were revoked must not come back unasked. Needs mode RDB or AOF.',
      { defaultText: `${DEFAULTS.adoptVolumes}`, change: 'live' },
    ),
  },
  {
    defaultText: `mode ${DEFAULTS.persistenceMode}`,
    rules: VOLUME_FIELDS.map((field) => ({
      name: `persistence-${field}-mode`,
      rule: `!has(self.${field}) || (has(self.mode) && self.mode != 'None')`,
      message: `${field} needs volumes: set mode to RDB or AOF, or leave ${field} out`,
      fieldPath: `.${field}`,
    })),
  },
)

/** Rules of `spec` about it. */
export const persistenceRules: readonly Rule[] = [
  immutable(['persistence', 'mode'], 'create another SessionStore'),
  immutable(['persistence', 'storageClassName'], 'create another SessionStore'),
  {
    name: 'persistence-size-memory',
    rule: '!has(self.persistence) || !has(self.persistence.size) || !has(self.capacity) || !has(self.capacity.maxMemory) || !isQuantity(string(self.persistence.size)) || !isQuantity(string(self.capacity.maxMemory)) || quantity(string(self.persistence.size)).compareTo(quantity(string(self.capacity.maxMemory))) >= 0',
    message:
      'persistence.size must be at least capacity.maxMemory; 3 times as much for RDB and 5 times for AOF is safe',
    fieldPath: '.persistence.size',
  },
]

const SIZE = 'persistence.size'
const IN_FORCE = 'status.effective.persistence.size'

function hasPath(self: string, path: string): string {
  const steps = path.split('.')
  return steps.map((_, depth) => `has(${[self, ...steps.slice(0, depth + 1)].join('.')})`).join(' && ')
}

function isAtLeast(limit: string): string {
  const size = `string(self.spec.${SIZE})`
  return `(isQuantity(string(${limit})) && isQuantity(${size}) && quantity(${size}).compareTo(quantity(string(${limit}))) >= 0)`
}

/** What the spec said may grow, or be taken back where no volume was given it yet. */
const KEPT = `(${hasPath('self.spec', SIZE)} && (${isAtLeast(`oldSelf.spec.${SIZE}`)} || (${hasPath('self', IN_FORCE)} && ${isAtLeast(`self.${IN_FORCE}`)})))`
/** Where the spec said nothing the volumes have a size all the same. */
const NOT_BELOW_COMPUTED = `(!(${hasPath('self.spec', SIZE)}) || !(${hasPath('self', IN_FORCE)}) || ${isAtLeast(`self.${IN_FORCE}`)})`

/** On the whole object, as what the volumes were asked to be is in the status. */
export const volumeSizeRule: Rule = {
  name: 'persistence-size-grows',
  rule: `(${hasPath('oldSelf.spec', SIZE)}) ? ${KEPT} : ${NOT_BELOW_COMPUTED}`,
  message:
    'persistence.size can only grow, as volumes do not shrink, and cannot be removed; it must be at least status.effective.persistence.size, down to which a larger size that no volume was given yet can be taken back',
  fieldPath: '.spec.persistence.size',
}
