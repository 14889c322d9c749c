import type { KubeObject, Resource } from '../../kube/types.ts'
import type { KindSchema } from '../kind.ts'
import type { Infer } from '../schema.ts'
import { object, oneOf, required, string } from '../schema.ts'
import { bindingReference, conditions, NAME_PATTERN, nameRule, observedGeneration } from './common.ts'
import { DEFAULTS, FRAMEWORKS, KEY_PREFIX_PATTERN, LIMITS, RESERVED_KEY_PREFIX } from './defaults.ts'
import { API_VERSION } from './group.ts'

/** Schema of `spec` of a SessionBinding. */
export const sessionBindingSpec = object(
  'Which application reaches which store, and how.',
  {
    storeRef: required(
      object(
        'The SessionStore that holds the sessions.',
        {
          name: required(
            string('Name of the SessionStore.', {
              pattern: NAME_PATTERN,
              minLength: 1,
              maxLength: LIMITS.nameLength,
              change: 'no',
            }),
          ),
          namespace: string(
            'Namespace of the SessionStore. Its spec.bindings must admit the namespace of this binding.',
            {
              pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
              minLength: 1,
              maxLength: 63,
              defaultText: 'the namespace of this binding',
              change: 'no',
            },
          ),
        },
        {
          change: 'no',
          rules: [
            {
              name: 'storeRef-immutable',
              rule: 'self == oldSelf',
              message: 'storeRef is immutable: sessions do not move between stores; create another SessionBinding',
            },
          ],
        },
      ),
    ),
    framework: oneOf('Session framework of the application; it decides which commands the login may use.', FRAMEWORKS, {
      defaultText: DEFAULTS.framework,
      change: 'live',
    }),
    keyPrefix: string('Prefix of every key the login may use.', {
      pattern: KEY_PREFIX_PATTERN,
      minLength: 1,
      maxLength: 64,
      defaultText: `${DEFAULTS.keyPrefix}, on a store with tenancy Shared the namespace and the name of the binding, each with a colon`,
      change: 'no',
      rules: [
        {
          name: 'keyPrefix-reserved',
          rule: `!self.startsWith('${RESERVED_KEY_PREFIX}') && !'${RESERVED_KEY_PREFIX}'.startsWith(self)`,
          message: `keyPrefix must neither begin with ${RESERVED_KEY_PREFIX} nor be the beginning of it: those are the keys of the operator`,
        },
      ],
    }),
  },
  {
    rules: [
      {
        name: 'keyPrefix-immutable',
        rule: `(has(self.keyPrefix) ? self.keyPrefix : '') == (has(oldSelf.keyPrefix) ? oldSelf.keyPrefix : '')`,
        message:
          'keyPrefix is immutable: it can be neither changed nor added nor removed, as the sessions under the old prefix would be lost; create another SessionBinding',
        fieldPath: '.keyPrefix',
      },
    ],
  },
)

/** Schema of `status` of a SessionBinding. */
export const sessionBindingStatus = object('What the binding is, as last observed.', {
  observedGeneration,
  conditions,
  keyPrefix: string('Prefix of every key the login may use; decided with the first login, and kept.', {
    maxLength: 128,
  }),
  binding: bindingReference,
})

export type SessionBindingSpec = Infer<typeof sessionBindingSpec>
export type SessionBindingStatus = Infer<typeof sessionBindingStatus>
export type SessionBinding = KubeObject & Readonly<{ spec: SessionBindingSpec; status?: SessionBindingStatus }>

/** The kind as the API paths know it. */
export const SESSION_BINDINGS: Resource<SessionBinding> = {
  apiVersion: API_VERSION,
  kind: 'SessionBinding',
  plural: 'sessionbindings',
  namespaced: true,
}

/** The kind as its CustomResourceDefinition describes it. */
export const sessionBindingKind: KindSchema = {
  kind: SESSION_BINDINGS.kind,
  plural: SESSION_BINDINGS.plural,
  singular: 'sessionbinding',
  shortNames: ['sessb'],
  labels: { 'servicebinding.io/provisioned-service': 'true' },
  description: 'A SessionBinding gives one application a login of its own to a SessionStore, limited to its own keys.',
  rules: [nameRule],
  spec: sessionBindingSpec,
  status: sessionBindingStatus,
  hasScale: false,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Store', type: 'string', jsonPath: '.spec.storeRef.name' },
    { name: 'Store-Namespace', type: 'string', jsonPath: '.spec.storeRef.namespace' },
    { name: 'Prefix', type: 'string', jsonPath: '.status.keyPrefix' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}
