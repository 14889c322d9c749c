import { list, map, object, oneOf, required, string } from '../../schema.ts'

/** Longest key of a label: a prefix of 253, a slash, a name of 63. */
export const LABEL_KEY_LENGTH = 317

/** A list of label values. */
const values = list('Values of the label.', string('Value.', { maxLength: 63 }), { maxItems: 16 })

const fields = {
  matchLabels: map('Labels and the values they must have.', string('Value.', { maxLength: 63 }), {
    maxProperties: 16,
  }),
  matchExpressions: list(
    'Requirements, all of which must hold.',
    object('One requirement.', {
      key: required(string('Key of the label.', { minLength: 1, maxLength: LABEL_KEY_LENGTH })),
      operator: required(oneOf('How key and values relate.', ['In', 'NotIn', 'Exists', 'DoesNotExist'])),
      values,
    }),
    { maxItems: 16 },
  ),
} as const

/** Schema of a Kubernetes label selector. */
export function labelSelector(description: string) {
  return object(description, fields)
}
