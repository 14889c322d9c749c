import type { Row, RowsOfRule, Spec } from './row.ts'

const withVolumes = (persistence: Spec, mode = 'AOF'): Spec => ({ persistence: { mode, ...persistence } })
const of = (persistence: Spec): Spec => ({ persistence })
const scale: Row = [{ from: withVolumes({ size: '1Gi' }), to: 5 }]

/** A field that only a store with volumes has. */
function needsMode(field: string, value: unknown): RowsOfRule {
  const refusedAt = `spec.persistence.${field}`
  return {
    create: [
      { to: withVolumes({ [field]: value }) },
      { to: withVolumes({ [field]: value }, 'RDB') },
      { to: withVolumes({ [field]: value }, 'None'), refusedAt },
      { to: of({ [field]: value }), refusedAt },
    ],
    update: [{ from: withVolumes({ [field]: value }), to: { ...withVolumes({ [field]: value }), suspend: true } }],
    added: [{ from: of({ mode: 'None' }), to: withVolumes({ [field]: value }, 'None'), refusedAt }],
    removed: [{ from: withVolumes({ [field]: value }), to: of({ [field]: value }), refusedAt }],
    scale,
  }
}

const small = withVolumes({ size: '1Gi' })
const large = withVolumes({ size: '2Gi' })
const size = 'spec.persistence.size'
const className = 'spec.persistence.storageClassName'

/** Rules about persistence. */
export const persistenceRows: Readonly<Record<string, RowsOfRule>> = {
  'persistence-size-mode': needsMode('size', '1Gi'),
  'persistence-storageClassName-mode': needsMode('storageClassName', 'fast'),
  'persistence-retain-mode': needsMode('retain', 'Delete'),
  'persistence-adoptVolumes-mode': needsMode('adoptVolumes', true),
  'size-range': {
    create: [
      { to: withVolumes({ size: '256Mi' }) },
      { to: withVolumes({ size: 1_073_741_824 }) },
      { to: withVolumes({ size: '64Ti' }) },
      { to: withVolumes({ size: '255Mi' }), refusedAt: size },
      { to: withVolumes({ size: '65Ti' }), refusedAt: size },
      { to: withVolumes({ size: '-1Gi' }), refusedAt: size },
      { to: withVolumes({ size: '1e1.5' }), refusedAt: size },
    ],
    update: [{ from: small, to: withVolumes({ size: '65Ti' }), refusedAt: size }],
    added: [{ from: withVolumes({}), to: withVolumes({ size: 1 }), refusedAt: size }],
    removed: 'a size that is not there has no range',
    scale,
  },
  'persistence-mode-immutable': {
    create: [{ to: of({ mode: 'None' }) }, { to: of({ mode: 'RDB' }) }, { to: of({ mode: 'AOF' }) }, { to: of({}) }],
    update: [
      { from: of({ mode: 'AOF' }), to: of({ mode: 'RDB' }), refusedAt: 'spec.persistence.mode' },
      { from: of({ mode: 'AOF' }), to: of({ mode: 'None' }), refusedAt: 'spec.persistence.mode' },
      { from: of({ mode: 'None' }), to: of({ mode: 'AOF' }), refusedAt: 'spec.persistence.mode' },
      { from: of({ mode: 'AOF' }), to: of({ mode: 'AOF', retain: 'Delete' }) },
    ],
    added: [
      { from: {}, to: of({ mode: 'AOF' }), refusedAt: 'spec.persistence.mode' },
      { from: of({}), to: of({ mode: 'RDB' }), refusedAt: 'spec.persistence.mode' },
      { from: {}, to: of({}) },
    ],
    removed: [
      { from: of({ mode: 'AOF' }), to: {}, refusedAt: 'spec.persistence.mode' },
      { from: of({ mode: 'AOF' }), to: of({}), refusedAt: 'spec.persistence.mode' },
      { from: of({}), to: {} },
    ],
    scale: [{ from: of({ mode: 'RDB' }), to: 5 }],
  },
  'persistence-storageClassName-immutable': {
    create: [{ to: withVolumes({ storageClassName: 'fast.example' }) }],
    update: [
      {
        from: withVolumes({ storageClassName: 'fast' }),
        to: withVolumes({ storageClassName: 'slow' }),
        refusedAt: className,
      },
      { from: withVolumes({ storageClassName: 'fast' }), to: withVolumes({ storageClassName: 'fast', size: '1Gi' }) },
    ],
    added: [{ from: withVolumes({}), to: withVolumes({ storageClassName: 'fast' }), refusedAt: className }],
    removed: [{ from: withVolumes({ storageClassName: 'fast' }), to: withVolumes({}), refusedAt: className }],
    scale: [{ from: withVolumes({ storageClassName: 'fast' }), to: 5 }],
  },
  'persistence-size-memory': {
    create: [
      { to: { ...small, capacity: { maxMemory: '1Gi' } } },
      { to: { ...small, capacity: { maxMemory: '1025Mi' } }, refusedAt: size },
      { to: { ...small, capacity: { connections: 5 } } },
      { to: { ...withVolumes({}), capacity: { maxMemory: '8Gi' } } },
    ],
    update: [
      { from: { ...small, capacity: { maxMemory: '1Gi' } }, to: { ...large, capacity: { maxMemory: '2Gi' } } },
      {
        from: { ...small, capacity: { maxMemory: '1Gi' } },
        to: { ...small, capacity: { maxMemory: '2Gi' } },
        refusedAt: size,
      },
    ],
    added: [{ from: small, to: { ...small, capacity: { maxMemory: '2Gi' } }, refusedAt: size }],
    removed: [{ from: { ...small, capacity: { maxMemory: '1Gi' } }, to: small }],
    scale,
  },
  'persistence-size-grows': {
    create: [{ to: small }],
    update: [
      { from: small, to: large },
      { from: small, to: withVolumes({ size: '1024Mi' }) },
      { from: withVolumes({ size: 1_073_741_824 }), to: small },
      { from: large, to: small, refusedAt: size },
      { from: large, inForce: '1Gi', to: small },
      { from: large, inForce: '1Gi', to: withVolumes({ size: '1023Mi' }), refusedAt: size },
      { from: large, inForce: '2Gi', to: small, refusedAt: size },
    ],
    added: [
      { from: withVolumes({}), to: small },
      { from: withVolumes({}), inForce: '1Gi', to: small },
      { from: withVolumes({}), inForce: '2Gi', to: small, refusedAt: size },
    ],
    removed: [
      { from: small, to: withVolumes({}), refusedAt: size },
      { from: small, to: {}, refusedAt: size },
    ],
    scale,
  },
}
