import { OWNED_FAMILIES, OWNED_PARAMETERS } from '../../../../src/api/v1alpha1/spec/config.ts'
import type { RowsOfRule, Spec } from './row.ts'

const withConfig = (config: Spec): Spec => ({ config })
const set = (...names: readonly string[]): Spec => withConfig(Object.fromEntries(names.map((name) => [name, '1'])))
const refusedAt = 'spec.config'
const good = set('hz', 'io-threads', 'maxmemory-samples', 'timeout', 'lfu-decay-time', 'bio_cpulist', 'bf.error-rate')

/** Rules about config. */
export const configRows: Readonly<Record<string, RowsOfRule>> = {
  'config-owned': {
    create: [
      { to: good },
      { to: withConfig({}) },
      ...OWNED_PARAMETERS.map((name) => ({ to: set('hz', name), refusedAt })),
      ...OWNED_FAMILIES.map((beginning) => ({ to: set(`${beginning}x`), refusedAt })),
      ...['replica-priority', 'slave-read-only', 'min-replicas-to-write', 'tls-port', 'appendonly', 'repl-timeout'].map(
        (name) => ({ to: set(name), refusedAt }),
      ),
      ...['enable-debug-command', 'shutdown-timeout'].map((name) => ({ to: set(name), refusedAt })),
    ],
    update: [
      { from: good, to: set('hz', 'maxmemory'), refusedAt },
      { from: good, to: set('hz', 'timeout') },
    ],
    added: [
      { from: {}, to: set('port'), refusedAt },
      { from: {}, to: good },
    ],
    removed: [{ from: good, to: {} }],
    scale: [{ from: good, to: 5 }],
  },
  'config-name': {
    create: [
      { to: set('a'.repeat(64)) },
      { to: set('a'.repeat(65)), refusedAt },
      { to: set('MAXMEMORY'), refusedAt },
      { to: set('-hz'), refusedAt },
      { to: set('hz 5\nport'), refusedAt },
      { to: set(''), refusedAt },
      { to: set('h*'), refusedAt },
    ],
    update: [{ from: good, to: set('Hz'), refusedAt }],
    added: [{ from: {}, to: set('Hz'), refusedAt }],
    removed: [{ from: good, to: withConfig({}) }],
    scale: [{ from: good, to: 5 }],
  },
  'config-value': {
    create: [
      { to: withConfig({ 'latency-tracking-info-percentiles': '50 99 99.9', timeout: '-1' }) },
      { to: withConfig({ 'io-threads': '4 --port 1' }), refusedAt },
      { to: withConfig({ 'io-threads': '--port' }), refusedAt },
    ],
    update: [{ from: good, to: withConfig({ hz: '5 --port 1' }), refusedAt }],
    added: [{ from: {}, to: withConfig({ hz: '5 --port 1' }), refusedAt }],
    removed: [{ from: good, to: {} }],
    scale: [{ from: good, to: 5 }],
  },
}
