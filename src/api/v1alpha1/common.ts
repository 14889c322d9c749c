import type { Rule } from '../schema.ts'
import { integer, list, object, oneOf, required, string, time } from '../schema.ts'
import { LIMITS } from './defaults.ts'

/** A name of another object in the same namespace that has our own name limits. */
export const NAME_PATTERN = '^[a-z]([-a-z0-9]*[a-z0-9])?$'

/** Children are named after their owner; forty characters leave room for every suffix. */
export const nameRule: Rule = {
  name: 'name',
  rule: `self.metadata.name.size() <= ${LIMITS.nameLength} && self.metadata.name.matches('${NAME_PATTERN}')`,
  message: `metadata.name must start with a letter, use only a-z, 0-9 and -, end with a letter or digit, and have at most ${LIMITS.nameLength} characters`,
}

export const observedGeneration = integer('The generation of the spec that this status describes.', { minimum: 0 })

export const conditions = list(
  'What is true of this object now. Each type is present from the first write on. See the list of reasons in docs/api.md.',
  object('One condition.', {
    type: required(string('Name of the condition.', { maxLength: 63, pattern: '^[A-Za-z][A-Za-z0-9]*$' })),
    status: required(oneOf('Whether the condition holds.', ['True', 'False', 'Unknown'])),
    reason: required(
      string('Why, as one stable word for programs.', {
        maxLength: 64,
        pattern: '^[A-Za-z]([A-Za-z0-9]*[A-Za-z0-9])?$',
      }),
    ),
    message: required(string('Why, as a sentence for people, with the next action.', { maxLength: 1024 })),
    observedGeneration,
    lastTransitionTime: required(time('When the status of the condition last changed.')),
  }),
  { maxItems: 32, mapKey: 'type' },
)

/** `status.binding`, by which the Service Binding specification finds the Secret of a provisioned service. */
export const bindingReference = object('The Secret that an application mounts to reach the store.', {
  name: string('Name of the Secret, in the same namespace.', { maxLength: 253 }),
})
