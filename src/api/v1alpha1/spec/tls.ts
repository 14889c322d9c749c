import type { Rule } from '../../schema.ts'
import { object, oneOf } from '../../schema.ts'
import { DEFAULTS, TLS_MODES } from '../defaults.ts'
import { immutable } from './rules.ts'

/** Schema of `spec.tls`. */
export const tls = object('Encryption of every connection, by a certificate authority of the store itself.', {
  mode: oneOf('Required accepts TLS only, Disabled plain text only; both on port 6379.', TLS_MODES, {
    defaultText: DEFAULTS.tlsMode,
    change: 'no',
  }),
})

/** Rules of `spec` about it. */
export const tlsRules: readonly Rule[] = [immutable(['tls', 'mode'], 'create another SessionStore')]
