import type { Rule } from '../../schema.ts'
import { object, oneOf, required, string } from '../../schema.ts'
import { CLIENT_AUTHS, DEFAULTS, TLS_MODES } from '../defaults.ts'
import { immutable } from './rules.ts'

const SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'

/** With plain text there is nothing to present and nobody to ask. */
function onlyWithTls(field: 'secretName' | 'issuerRef' | 'clientAuth'): Rule {
  return {
    name: `tls-${field}-needs-tls`,
    rule: `!has(self.${field}) || !has(self.mode) || self.mode != 'Disabled'`,
    message: `tls.${field} cannot be set while tls.mode is Disabled`,
    fieldPath: `.${field}`,
  }
}

const issuerRef = object(
  'The issuer of cert-manager that makes the certificate. The operator orders it; it is not installed with the operator.',
  {
    name: required(string('Name of the issuer.', { minLength: 1, maxLength: 253, pattern: SUBDOMAIN, change: 'live' })),
    kind: string('Kind of the issuer.', {
      maxLength: 63,
      pattern: '^[A-Z][A-Za-z0-9]*$',
      defaultText: DEFAULTS.issuerKind,
      change: 'live',
    }),
    group: string('API group of the issuer.', {
      maxLength: 253,
      pattern: SUBDOMAIN,
      defaultText: DEFAULTS.issuerGroup,
      change: 'live',
    }),
  },
)

/** Schema of `spec.tls`. */
export const tls = object(
  'Encryption of every connection. Without secretName and issuerRef by a certificate authority of the store itself. Changing who makes the certificate restarts nothing: the authority to come is trusted everywhere before it is used.',
  {
    mode: oneOf('Required accepts TLS only, Disabled plain text only; both on port 6379.', TLS_MODES, {
      defaultText: DEFAULTS.tlsMode,
      change: 'no',
    }),
    secretName: string(
      'Secret of type kubernetes.io/tls in the namespace of the store, with the certificate that the servers present, and in ca.crt the authorities that clients are to trust. It must carry the DNS names <store>-primary.<namespace>.svc, <store>-replicas.<namespace>.svc and *.<store>-nodes.<namespace>.svc.<cluster domain>.',
      { minLength: 1, maxLength: 253, pattern: SUBDOMAIN, change: 'live' },
    ),
    issuerRef,
    clientAuth: oneOf(
      'Whether clients must show a certificate: None does not ask, Optional checks one that is shown, Require refuses a connection without. With Optional and Require each binding is handed one.',
      CLIENT_AUTHS,
      { defaultText: DEFAULTS.clientAuth, change: 'live' },
    ),
  },
  {
    rules: [
      {
        name: 'tls-one-source',
        rule: '!has(self.secretName) || !has(self.issuerRef)',
        message: 'tls.secretName and tls.issuerRef exclude each other: a store has one certificate',
        fieldPath: '.secretName',
      },
      onlyWithTls('secretName'),
      onlyWithTls('issuerRef'),
      onlyWithTls('clientAuth'),
    ],
  },
)

/** Rules of `spec` about it. */
export const tlsRules: readonly Rule[] = [immutable(['tls', 'mode'], 'create another SessionStore')]

/** Rule of the whole object: what the operator writes for the store cannot be what it is to read. */
export const tlsSecretRule: Rule = {
  name: 'tls-secret-is-not-ours',
  rule: "!has(self.spec.tls) || !has(self.spec.tls.secretName) || !(self.spec.tls.secretName in ['-tls', '-ca', '-certificate'].map(suffix, self.metadata.name + suffix))",
  message: 'spec.tls.secretName must name a Secret of yours, not one that the operator writes for this store',
  fieldPath: '.spec.tls.secretName',
}
