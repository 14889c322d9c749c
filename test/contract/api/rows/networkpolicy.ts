import type { RowsOfRule, Spec } from './row.ts'

const allowing = (...allowFrom: readonly Spec[]): Spec => ({ networkPolicy: { mode: 'Restricted', allowFrom } })
const pods: Spec = { podSelector: { matchLabels: { app: 'web' } } }
const block = (cidr: string, ...except: readonly string[]): Spec => ({ ipBlock: { cidr, except } })
const refusedAt = 'spec.networkPolicy.allowFrom'

/** Rules about networkPolicy. */
export const networkPolicyRows: Readonly<Record<string, RowsOfRule>> = {
  'allowFrom-peer': {
    create: [
      { to: allowing(pods) },
      { to: allowing({ namespaceSelector: {} }, { ...pods, namespaceSelector: {} }, block('10.0.0.0/8')) },
      { to: allowing() },
      { to: allowing({}), refusedAt },
      { to: allowing(pods, { ...pods, ...block('10.0.0.0/8') }), refusedAt },
    ],
    update: [
      { from: allowing(pods), to: allowing({}), refusedAt },
      { from: allowing(pods), to: allowing({ namespaceSelector: {} }) },
    ],
    added: [
      { from: {}, to: allowing({}), refusedAt },
      { from: { networkPolicy: {} }, to: allowing(pods) },
    ],
    removed: [{ from: allowing(pods), to: {} }],
    scale: [{ from: allowing(pods), to: 5 }],
  },
  'allowFrom-range': {
    create: [
      { to: allowing(block('10.0.0.0/8', '10.1.0.0/16'), block('fd00::/8'), block('0.0.0.0/0', '10.0.0.0/8')) },
      { to: allowing(block('10.0.0.1')), refusedAt },
      { to: allowing(block('10.0.0.0/33')), refusedAt },
      { to: allowing(block('10.0.0.0/8', '11.0.0.0/16')), refusedAt },
      { to: allowing(block('10.0.0.0/8', '10.0.0.0/8')), refusedAt },
      { to: allowing(block('10.0.0.0/8', 'all')), refusedAt },
    ],
    update: [{ from: allowing(block('10.0.0.0/8')), to: allowing(block('ten')), refusedAt }],
    added: [{ from: allowing(), to: allowing(block('ten')), refusedAt }],
    removed: [{ from: allowing(block('10.0.0.0/8')), to: allowing() }],
    scale: [{ from: allowing(block('10.0.0.0/8')), to: 5 }],
  },
}
