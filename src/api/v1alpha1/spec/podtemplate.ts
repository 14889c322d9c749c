import { LABEL_VALUE } from '../../labelselector.ts'
import { integer, list, map, object, oneOf, quantity, required, string } from '../../schema.ts'
import { DEFAULTS, LIMITS } from '../defaults.ts'
import { affinity, nodeSelector, tolerations, topologySpreadConstraints } from './affinity.ts'
import { quantityRange, quoted } from './rules.ts'

/** Beginnings of keys that the operator, or Kubernetes for it, sets on pods; and of annotations that would loosen what a pod may do. */
export const RESERVED_KEYS = [
  'sessionstore.dev/',
  'servicebinding.io/',
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/component',
  'app.kubernetes.io/managed-by',
  'apps.kubernetes.io/',
  'controller-revision-hash',
  'statefulset.kubernetes.io/',
  'container.apparmor.security.beta.kubernetes.io/',
  'seccomp.security.alpha.kubernetes.io/',
] as const

function reserved(name: 'labels' | 'annotations') {
  return {
    name: `podTemplate-${name}`,
    rule: `!self.exists(key, ${quoted(RESERVED_KEYS)}.exists(beginning, key.startsWith(beginning)))`,
    message: `${name} of pods must not begin with ${RESERVED_KEYS.join(', ')}`,
  }
}

const id = { minimum: 1, maximum: 2_147_483_647 } as const

const metadata = object('What is added to the metadata of the pods.', {
  labels: map('More labels.', string('Value.', LABEL_VALUE), {
    maxProperties: 32,
    defaultText: 'none',
    change: 'live',
    rules: [reserved('labels')],
  }),
  annotations: map('More annotations.', string('Value.', { maxLength: 4096 }), {
    maxProperties: 32,
    defaultText: 'none',
    change: 'live',
    rules: [reserved('annotations')],
  }),
})

const securityContext = object('Ids of the servers. None of them may be 0.', {
  runAsUser: integer('User.', { ...id, defaultText: `${DEFAULTS.serverId}`, change: 'roll' }),
  runAsGroup: integer('Group.', { ...id, defaultText: `${DEFAULTS.serverId}`, change: 'roll' }),
  fsGroup: integer('Group that owns mounted files.', { ...id, defaultText: `${DEFAULTS.serverId}`, change: 'roll' }),
  supplementalGroups: list('More groups.', integer('Group.', id), {
    maxItems: 16,
    defaultText: 'none',
    change: 'roll',
  }),
  seccompProfile: object(
    'Filter of system calls.',
    {
      type: required(
        oneOf('RuntimeDefault, or a profile on the node.', ['RuntimeDefault', 'Localhost'], { change: 'roll' }),
      ),
      localhostProfile: string('Path of the profile, below the directory of the kubelet for them.', {
        minLength: 1,
        maxLength: 253,
        defaultText: 'none',
        change: 'roll',
      }),
    },
    {
      defaultText: 'type RuntimeDefault',
      change: 'roll',
      rules: [
        {
          name: 'seccomp-profile',
          rule: "has(self.localhostProfile) == (self.type == 'Localhost')",
          message: 'localhostProfile goes with type Localhost, and only with it',
        },
      ],
    },
  ),
})

const cpu = object(
  'CPU of the server. Values change in place, without a restart; a limit that is added or removed replaces the pods. Without this field pods keep the CPU they have until they are made anew.',
  {
    request: quantity('What is reserved.', {
      defaultText: DEFAULTS.cpuRequest,
      change: 'live',
      rules: [quantityRange('cpu.request', LIMITS.cpu)],
    }),
    limit: quantity(
      'What it may use at most. A server that is held back answers late, which may look like a failure.',
      {
        defaultText: 'none',
        change: 'live, or roll when it is added, removed, or becomes equal to the request',
        rules: [quantityRange('cpu.limit', LIMITS.cpu)],
      },
    ),
  },
  {
    rules: [
      {
        name: 'cpu-limit-request',
        rule: `!has(self.limit) || !isQuantity(string(self.limit)) || (has(self.request) ? !isQuantity(string(self.request)) || quantity(string(self.limit)).compareTo(quantity(string(self.request))) >= 0 : quantity(string(self.limit)).compareTo(quantity('${DEFAULTS.cpuRequest}')) >= 0)`,
        message: `cpu.limit must be at least cpu.request, which is ${DEFAULTS.cpuRequest} unless given`,
      },
    ],
  },
)

/** Schema of `spec.podTemplate`. */
export const podTemplate = object(
  'What the server pods have besides what they need. There is nothing here that gives privilege, access to the host, volumes or a service account.',
  {
    metadata,
    spec: object('Where and as whom the pods run.', {
      affinity,
      tolerations,
      nodeSelector,
      topologySpreadConstraints,
      priorityClassName: string('PriorityClass of the pods.', {
        maxLength: 253,
        pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$',
        defaultText: 'that of the cluster',
        change: 'roll',
      }),
      imagePullSecrets: list(
        'Secrets to pull the image with.',
        object('One Secret of the namespace.', {
          name: required(string('Name of the Secret.', { minLength: 1, maxLength: 253 })),
        }),
        { maxItems: 8, mapKey: 'name', defaultText: 'none', change: 'roll' },
      ),
      securityContext,
      cpu,
    }),
  },
)
