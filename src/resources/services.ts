import type { TLSMode } from '../api/v1alpha1/defaults.ts'
import type { DesiredObject, Service } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { LABELS, READABLE, ROLES, selectorLabels } from './labels.ts'
import { childMetadata } from './metadata.ts'
import { PORT, SERVICE_ROLES, type ServiceRole, serviceName } from './names.ts'

type ServiceSpec = NonNullable<Service['spec']>

/** Name of the port of every Service and container: it says whether a client must speak TLS. */
export function portName(tlsMode: TLSMode): 'redis' | 'rediss' {
  return tlsMode === 'Required' ? 'rediss' : 'redis'
}

/** One Service of a store. */
export function buildService(
  store: StoreIdentity,
  role: ServiceRole,
  options: Readonly<{ tlsMode: TLSMode }>,
): DesiredObject {
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(store, serviceName(store, role)),
    spec: {
      type: 'ClusterIP',
      ports: [{ name: portName(options.tlsMode), port: PORT, protocol: 'TCP', targetPort: PORT }],
      ...selection(store, role),
    },
  }
  return object
}

/** All three Services: primary, replicas, nodes. */
export function buildServices(store: StoreIdentity, options: Readonly<{ tlsMode: TLSMode }>): readonly DesiredObject[] {
  return SERVICE_ROLES.map((role) => buildService(store, role, options))
}

function selection(store: StoreIdentity, role: ServiceRole): ServiceSpec {
  switch (role) {
    case 'primary':
      // The label alone decides: a primary whose readiness lags must still be reached, or nobody could write to it (F9).
      return { selector: { ...selectorLabels(store), [LABELS.role]: ROLES.primary }, publishNotReadyAddresses: true }
    case 'replicas':
      return { selector: { ...selectorLabels(store), [LABELS.readable]: READABLE } }
    case 'nodes':
      // Members must find each other before they are ready: readiness depends on having joined.
      return { selector: selectorLabels(store), clusterIP: 'None', publishNotReadyAddresses: true }
  }
}
