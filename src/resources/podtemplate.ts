import { DEFAULTS } from '../api/v1alpha1/defaults.ts'
import type { PodTemplate } from '../api/v1alpha1/effective.ts'
import { normalQuantity } from '../api/v1alpha1/quantity.ts'
import type { StatefulSet } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { ANNOTATIONS, selectorLabels } from './labels.ts'
import { withoutEmptyLists } from './prune.ts'

type PodSpec = NonNullable<NonNullable<StatefulSet['spec']>['template']['spec']>
type Named = Readonly<Record<string, string>>

/** What a spec adds to pods; nothing for most stores. */
export type PodTemplateInput = Readonly<{ podTemplate?: PodTemplate }>

/** Where the pods run: what the spec says, and of our defaults what it does not speak of. */
export function placementOf(
  store: StoreIdentity,
  { podTemplate }: PodTemplateInput,
): Pick<
  PodSpec,
  'affinity' | 'topologySpreadConstraints' | 'tolerations' | 'nodeSelector' | 'priorityClassName' | 'imagePullSecrets'
> {
  const spec = withoutEmptyLists(podTemplate?.spec ?? {})
  const labelSelector = { matchLabels: selectorLabels(store) }
  const { affinity, tolerations, nodeSelector, priorityClassName, imagePullSecrets } = spec
  return {
    affinity: { ...defaultAffinity(store), ...affinity },
    topologySpreadConstraints:
      spec.topologySpreadConstraints?.map((constraint) => ({ labelSelector, ...constraint })) ??
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector,
      })),
    ...(tolerations && { tolerations }),
    ...(nodeSelector && { nodeSelector }),
    ...(priorityClassName && { priorityClassName }),
    ...(imagePullSecrets && { imagePullSecrets }),
  }
}

/**
 * Members on different nodes wherever there are enough of them. A preference: a rule would leave a member unscheduled on a
 * small cluster, or while a node is down.
 */
function defaultAffinity(store: StoreIdentity): NonNullable<PodSpec['affinity']> {
  const podAffinityTerm = {
    labelSelector: { matchLabels: selectorLabels(store) },
    topologyKey: 'kubernetes.io/hostname',
  }
  return { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] } }
}

/** As whom the servers run; never as root, and never without a filter of system calls. */
export function identityOfPods({ podTemplate }: PodTemplateInput) {
  const asked = podTemplate?.spec?.securityContext
  const { supplementalGroups = [] } = asked ?? {}
  return {
    runAsNonRoot: true,
    runAsUser: asked?.runAsUser ?? DEFAULTS.serverId,
    runAsGroup: asked?.runAsGroup ?? DEFAULTS.serverId,
    fsGroup: asked?.fsGroup ?? DEFAULTS.serverId,
    ...(supplementalGroups.length > 0 && { supplementalGroups }),
    seccompProfile: asked?.seccompProfile ?? { type: 'RuntimeDefault' },
  }
}

/** CPU of the server container, in the form in which the API server shows it. */
export function cpuOf({ podTemplate }: PodTemplateInput): Readonly<{ request: string; limit?: string }> {
  const { request = DEFAULTS.cpuRequest, limit } = podTemplate?.spec?.cpu ?? {}
  return { request: normal(request), ...(limit !== undefined && { limit: normal(limit) }) }
}

function normal(quantity: string | number): string {
  const parsed = normalQuantity(quantity)
  if (parsed.ok) return parsed.value
  throw new RangeError(`Cannot read podTemplate.spec.cpu: ${parsed.error}`)
}

/**
 * What of it no pod can be changed to in place: whether there is a limit, and the class of service, which is another one
 * when limit and request are equal, as those of memory are.
 */
export function cpuClassOf(input: PodTemplateInput): object | undefined {
  const { request, limit } = cpuOf(input)
  if (limit === undefined) return undefined
  return { hasCpuLimit: true, isGuaranteed: limit === request }
}

/** Labels and annotations of the pods that the spec adds. Which they are is written beside them, so that they can be removed. */
export function metadataOfPods({ podTemplate }: PodTemplateInput): Readonly<{ labels: Named; annotations: Named }> {
  const { labels = {}, annotations = {} } = podTemplate?.metadata ?? {}
  const names = { labels: Object.keys(labels).sort(), annotations: Object.keys(annotations).sort() }
  const isEmpty = names.labels.length === 0 && names.annotations.length === 0
  return { labels, annotations: isEmpty ? {} : { ...annotations, [ANNOTATIONS.podMetadata]: JSON.stringify(names) } }
}
