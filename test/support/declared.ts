import {
  CONFIG_MAPS,
  namespaced,
  PERSISTENT_VOLUME_CLAIMS,
  POD_DISRUPTION_BUDGETS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '../../src/kube/resources.ts'
import type { Resource } from '../../src/kube/types.ts'

type Fields = Readonly<Record<string, unknown>>

/** Each kind that the operator applies, and those to come, with the fields that the API server defaults, reorders or normalizes. */
export const DECLARED: readonly (readonly [resource: Resource, fields: Fields])[] = [
  [CONFIG_MAPS, { data: { a: '1' } }],
  [SERVICES, service()],
  [STATEFUL_SETS, statefulSet()],
  [SECRETS, { type: 'Opaque', data: { password: 'c2VjcmV0' } }],
  [SERVICE_ACCOUNTS, { automountServiceAccountToken: false }],
  [PERSISTENT_VOLUME_CLAIMS, claim()],
  [namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'), networkPolicy()],
  [namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'), autoscaler()],
  [POD_DISRUPTION_BUDGETS, { spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'x' } } } }],
]

/** A headless Service with ports of both spellings. */
export function service(): Fields {
  return {
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: { app: 'x' },
      ports: [
        { name: 'redis', port: 6379, targetPort: 'redis' },
        { name: 'metrics', port: 9121, protocol: 'TCP' },
      ],
    },
  }
}

/** A StatefulSet with everything in its template that is easy to get wrong. */
export function statefulSet({ image = 'docker.io/valkey/valkey:9.1' } = {}): Fields {
  const resources = { limits: { memory: '1024Mi', cpu: '1000m' }, requests: { memory: '0.5Gi' } }
  const container = {
    name: 'server',
    image,
    command: ['valkey-server', '/etc/server.conf'],
    ports: [{ name: 'redis', containerPort: 6379 }],
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    resources,
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    livenessProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 20 },
  }
  const podSpec = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
    readinessGates: [{ conditionType: 'sessionstore.dev/Joined' }],
    securityContext: { runAsNonRoot: true, runAsUser: 999, fsGroup: 999, seccompProfile: { type: 'RuntimeDefault' } },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: 'x' } },
      },
    ],
    containers: [container],
    volumes: [
      { name: 'config', projected: { sources: [{ configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } }] } },
      { name: 'scratch', emptyDir: { sizeLimit: '1024Ki' } },
    ],
  }
  return {
    spec: {
      serviceName: 'x-nodes',
      replicas: 3,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      selector: { matchLabels: { app: 'x' } },
      template: { metadata: { labels: { app: 'x' } }, spec: podSpec },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2048Mi' } } },
        },
      ],
    },
  }
}

function claim(): Fields {
  return { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '0.5Gi' } } } }
}

function networkPolicy(): Fields {
  const from = [{ podSelector: { matchLabels: { app: 'y' } }, namespaceSelector: {} }]
  const ingress = [{ from, ports: [{ port: 6379 }] }]
  return { spec: { podSelector: { matchLabels: { app: 'x' } }, policyTypes: ['Ingress'], ingress } }
}

function autoscaler(): Fields {
  const target = { type: 'AverageValue', averageValue: '1500m' }
  const metrics = [{ type: 'Pods', pods: { metric: { name: 'ops' }, target } }]
  const scaleTargetRef = { apiVersion: 'sessionstore.dev/v1alpha1', kind: 'SessionStore', name: 'x' }
  return { spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 5, metrics } }
}
