import { admittingSelector } from '../../labelselector.ts'
import { boolean, object, oneOf } from '../../schema.ts'
import { BINDING_SOURCES, DEFAULTS, TENANCIES } from '../defaults.ts'

/** Schema of `spec.bindings`. */
export const bindings = object(
  'Who may have a login to the store. The namespace of the store always may.',
  {
    tenancy: oneOf(
      'Dedicated: one namespace, that of the store, uses it. Shared: several may, and see nothing of each other, neither keys nor counts.',
      TENANCIES,
      {
        defaultText: DEFAULTS.tenancy,
        change: 'live; to Dedicated only once no other namespace uses the store',
      },
    ),
    from: oneOf(
      'Namespaces whose SessionBindings are admitted beside that of the store: none, those that the selector matches, or all. A login ends with the permission. Selector and All need tenancy Shared.',
      BINDING_SOURCES,
      { defaultText: DEFAULTS.bindingSource, change: 'live' },
    ),
    selector: admittingSelector(
      'Labels of the namespaces that are admitted. Needs from: Selector.',
      'from: All admits every namespace',
    ),
    default: boolean(
      'Makes a SessionBinding with the name of the store, generic, with the key prefix sess:. False deletes the one that was made so, and its login. Not with tenancy Shared.',
      { defaultText: 'true with tenancy Dedicated; with Shared none is made', change: 'live' },
    ),
  },
  {
    defaultText: `tenancy ${DEFAULTS.tenancy}, from ${DEFAULTS.bindingSource}, default true`,
    change: 'live',
    rules: [
      {
        name: 'bindings-selector-union',
        rule: "has(self.selector) == (has(self.from) && self.from == 'Selector')",
        message: 'selector must be given with from: Selector, and only with it',
        fieldPath: '.selector',
      },
      {
        name: 'bindings-from-tenancy',
        rule: "!has(self.from) || self.from == 'Same' || (has(self.tenancy) && self.tenancy == 'Shared')",
        message: 'from must be Same unless tenancy is Shared: a Dedicated store is used by its own namespace only',
        fieldPath: '.from',
      },
      {
        name: 'bindings-default-tenancy',
        rule: "!has(self.default) || !self.default || !has(self.tenancy) || self.tenancy == 'Dedicated'",
        message: 'default must not be true with tenancy Shared: give each application a SessionBinding of its own',
        fieldPath: '.default',
      },
    ],
  },
)
