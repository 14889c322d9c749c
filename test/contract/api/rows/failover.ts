import type { RowsOfRule, Spec } from './row.ts'

const AT = 'spec.failover.downAfter'
const of = (downAfter: string): Spec => ({ failover: { downAfter } })

/** Rules about failover. */
export const failoverRows: Readonly<Record<string, RowsOfRule>> = {
  'downAfter-range': {
    create: [
      { to: of('3s') },
      { to: of('3001ms') },
      { to: of('5m') },
      { to: of('2999ms'), refusedAt: AT },
      { to: of('301s'), refusedAt: AT },
    ],
    update: [
      { from: of('3s'), to: of('1s'), refusedAt: AT },
      { from: of('3s'), to: { failover: { downAfter: '10s', mode: 'Manual' } } },
    ],
    added: [
      { from: {}, to: of('1s'), refusedAt: AT },
      { from: { failover: { mode: 'Manual' } }, to: { failover: { mode: 'Manual', downAfter: '4s' } } },
    ],
    removed: [{ from: of('10s'), to: {} }],
    scale: [{ from: of('10s'), to: 1 }],
  },
}
