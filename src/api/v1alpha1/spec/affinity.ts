import { LABEL_KEY_LENGTH, LABEL_VALUE, labelSelector } from '../../labelselector.ts'
import { integer, list, map, object, oneOf, required, string } from '../../schema.ts'

// The shapes of core/v1, without what only clusters of an alpha feature know.
const MOST = 8
const term = { change: 'roll', defaultText: 'none', maxItems: MOST } as const

const nodeTerm = object('Nodes by their labels; all requirements must hold.', {
  matchExpressions: list(
    'Requirements.',
    object('One requirement.', {
      key: required(string('Key of the label.', { minLength: 1, maxLength: LABEL_KEY_LENGTH })),
      operator: required(oneOf('How key and values relate.', ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'])),
      values: list('Values of the label.', string('Value.', LABEL_VALUE), { maxItems: 16 }),
    }),
    { maxItems: MOST },
  ),
})

const podTerm = object('Pods to be near to, or far from.', {
  topologyKey: required(
    string('Label of nodes that tells what near is.', { minLength: 1, maxLength: LABEL_KEY_LENGTH }),
  ),
  labelSelector: labelSelector('Pods.'),
  namespaces: list(
    'Their namespaces; those of the store when neither this nor namespaceSelector is given.',
    string('Name.', { maxLength: 63 }),
    {
      maxItems: 16,
    },
  ),
  namespaceSelector: labelSelector('Their namespaces by labels.'),
})

const weight = required(integer('Weight among the preferences.', { minimum: 1, maximum: 100 }))

function podAffinity(description: string, defaultText: string) {
  return object(
    description,
    {
      requiredDuringSchedulingIgnoredDuringExecution: list('Terms that must hold.', podTerm, term),
      preferredDuringSchedulingIgnoredDuringExecution: list(
        'Terms that should hold.',
        object('One preference.', { weight, podAffinityTerm: required(podTerm) }),
        term,
      ),
    },
    { change: 'roll', defaultText },
  )
}

/** Schema of `spec.podTemplate.spec.affinity`. */
export const affinity = object('Where the pods may and should run, as in a pod.', {
  nodeAffinity: object('Nodes.', {
    requiredDuringSchedulingIgnoredDuringExecution: object('What must hold.', {
      nodeSelectorTerms: required(list('Terms, one of which must hold.', nodeTerm, { maxItems: MOST, change: 'roll' })),
    }),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      'Terms that should hold.',
      object('One preference.', { weight, preference: required(nodeTerm) }),
      term,
    ),
  }),
  podAffinity: podAffinity('Pods to be near to.', 'none'),
  podAntiAffinity: podAffinity('Pods to be far from.', 'other members should be on other nodes'),
})

/** Schema of `spec.podTemplate.spec.tolerations`. */
export const tolerations = list(
  'Taints of nodes that the pods tolerate.',
  object('One toleration.', {
    key: string('Key of the taint; every one when it is left out.', { maxLength: LABEL_KEY_LENGTH }),
    operator: oneOf('Equal compares the value, Exists does not.', ['Equal', 'Exists']),
    value: string('Value of the taint.', LABEL_VALUE),
    effect: oneOf('Effect of the taint; every one when it is left out.', [
      'NoSchedule',
      'PreferNoSchedule',
      'NoExecute',
    ]),
    tolerationSeconds: integer('How long a NoExecute taint is tolerated; for ever when it is left out.', {
      minimum: 0,
      maximum: 2_147_483_647,
    }),
  }),
  {
    maxItems: 16,
    defaultText: 'none',
    change: 'roll',
    rules: [
      {
        name: 'tolerations-operator',
        rule: "self.all(each, has(each.operator) && each.operator == 'Exists' ? !has(each.value) : has(each.key))",
        message: 'each toleration must have a key, or operator Exists; with Exists it must have no value',
      },
      {
        name: 'tolerations-seconds',
        rule: "self.all(each, !has(each.tolerationSeconds) || (has(each.effect) && each.effect == 'NoExecute'))",
        message: 'tolerationSeconds goes with effect NoExecute only',
      },
    ],
  },
)

/** Schema of `spec.podTemplate.spec.topologySpreadConstraints`. */
export const topologySpreadConstraints = list(
  'How the pods are spread. Where it is given, it replaces the default.',
  object('One constraint.', {
    maxSkew: required(integer('How uneven the spread may be.', { minimum: 1, maximum: 100 })),
    topologyKey: required(
      string('Label of nodes over whose values the pods are spread.', { minLength: 1, maxLength: LABEL_KEY_LENGTH }),
    ),
    whenUnsatisfiable: required(oneOf('Whether a pod waits, or runs anyway.', ['DoNotSchedule', 'ScheduleAnyway'])),
    labelSelector: labelSelector('Pods that count; the members of the store when it is left out.'),
    minDomains: integer('How many values there must be; with DoNotSchedule only.', { minimum: 1, maximum: 100 }),
    nodeAffinityPolicy: oneOf('Whether nodes that the pod may not use count.', ['Honor', 'Ignore']),
    nodeTaintsPolicy: oneOf('Whether nodes with taints that it does not tolerate count.', ['Honor', 'Ignore']),
  }),
  {
    maxItems: MOST,
    defaultText: 'over nodes and zones, as far as there are enough',
    change: 'roll',
    rules: [
      {
        name: 'spread-unique',
        rule: 'self.all(each, self.exists_one(other, other.topologyKey == each.topologyKey && other.whenUnsatisfiable == each.whenUnsatisfiable))',
        message: 'topologySpreadConstraints must not have the same topologyKey and whenUnsatisfiable twice',
      },
      {
        name: 'spread-domains',
        rule: "self.all(each, !has(each.minDomains) || each.whenUnsatisfiable == 'DoNotSchedule')",
        message: 'minDomains goes with whenUnsatisfiable DoNotSchedule only',
      },
    ],
  },
)

/** Schema of `spec.podTemplate.spec.nodeSelector`. */
export const nodeSelector = map('Labels that a node must have.', string('Value.', LABEL_VALUE), {
  maxProperties: 16,
  defaultText: 'none',
  change: 'roll',
})
