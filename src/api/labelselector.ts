import { list, map, type Options, object, oneOf, required, string } from './schema.ts'

/** Longest key of a label: a prefix of 253, a slash, a name of 63. */
export const LABEL_KEY_LENGTH = 317

/** What a value of a label, and so of a selector or a taint, may be. */
export const LABEL_VALUE = { maxLength: 63, pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$' } as const

const LIMITS = { terms: 16, values: 16 } as const
const KEY_PATTERN = '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'

const value = string('Value of a label.', LABEL_VALUE)

const term = object(
  'One requirement on a label.',
  {
    key: required(string('Name of the label.', { minLength: 1, maxLength: LABEL_KEY_LENGTH, pattern: KEY_PATTERN })),
    operator: required(oneOf('How the label is compared with values.', ['In', 'NotIn', 'Exists', 'DoesNotExist'])),
    values: list('Values of In and NotIn; Exists and DoesNotExist have none.', value, {
      maxItems: LIMITS.values,
      defaultText: 'none',
    }),
  },
  {
    rules: [
      {
        name: 'selector-values',
        rule: "self.operator in ['In', 'NotIn'] == (has(self.values) && self.values.size() > 0)",
        message: 'values must be given with operator In and NotIn, and only with them',
        fieldPath: '.values',
      },
    ],
  },
)

/** Schema of a Kubernetes label selector; an empty one selects everything. */
export function labelSelector(description: string, options: Options = {}) {
  const { change } = options
  const common = { defaultText: 'none', ...(change !== undefined && { change }) }
  return object(
    description,
    {
      matchLabels: map('Labels that must be there with these values.', value, {
        ...common,
        maxProperties: LIMITS.terms,
      }),
      matchExpressions: list('Requirements that must all hold.', term, { ...common, maxItems: LIMITS.terms }),
    },
    options,
  )
}

/** A label selector that admits: it has at least one term, as an empty one would admit everybody by mistake. */
export function admittingSelector(description: string, hint: string) {
  return labelSelector(description, {
    change: 'live',
    rules: [
      {
        name: 'selector-terms',
        rule: '(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0)',
        message: `selector must have at least one term; ${hint}`,
      },
    ],
  })
}

/** A label selector as an object of ours carries it. */
export type LabelSelector = Readonly<{
  matchLabels?: Readonly<Record<string, string>>
  matchExpressions?: readonly Readonly<{
    key: string
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
    values?: readonly string[]
  }>[]
}>

type Labels = Readonly<Record<string, string>>
type Requirement = NonNullable<LabelSelector['matchExpressions']>[number]

/** Whether labels meet every term of a selector; NotIn and DoesNotExist hold where the label is missing. */
export function matchesLabels({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => hasOneOf(labels, key, [value])) &&
    matchExpressions.every((requirement) => isMet(requirement, labels))
  )
}

function isMet({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  switch (operator) {
    case 'In':
      return hasOneOf(labels, key, values)
    case 'NotIn':
      return !hasOneOf(labels, key, values)
    case 'Exists':
      return Object.hasOwn(labels, key)
    case 'DoesNotExist':
      return !Object.hasOwn(labels, key)
  }
}

function hasOneOf(labels: Labels, key: string, values: readonly string[]): boolean {
  return Object.hasOwn(labels, key) && values.includes(labels[key] ?? '')
}
