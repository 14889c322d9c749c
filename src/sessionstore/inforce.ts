import { DEFAULTS, IMAGE_REPOSITORIES, PERSISTENCE_MODES, VERSIONS } from '../api/v1alpha1/defaults.ts'
import { durabilityOf, type EffectiveSpec, effectiveSpec, type Persistence } from '../api/v1alpha1/effective.ts'
import { parseQuantity } from '../api/v1alpha1/quantity.ts'
import type { SessionStore } from '../api/v1alpha1/sessionstore.ts'
import type { EffectiveStatus } from '../api/v1alpha1/sessionstorestatus.ts'
import type { StatefulSet } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'

/** The spec that a store runs now: resolved, with what is pinned, and unchanged while it is suspended. */
export function specInForce(store: SessionStore, statefulSet: StatefulSet | undefined): EffectiveSpec {
  const spec = pinPersistence(pinImage(store, statefulSet), statefulSet)
  const before = store.status?.effective
  return spec.suspend && before ? keepBefore(spec, before) : spec
}

/** A newer operator's default must not roll a running store: the image in force is kept unless the spec names one. */
function pinImage(store: SessionStore, statefulSet: StatefulSet | undefined): EffectiveSpec {
  const spec = effectiveSpec(store.spec)
  const image = statefulSet?.metadata.annotations?.[ANNOTATIONS.image]
  const isFree = store.spec.image === undefined && store.spec.version === undefined
  if (!isFree || !image) return spec
  // The users are granted the commands of the version that runs.
  const version = VERSIONS[spec.engine].find((each) => image === `${IMAGE_REPOSITORIES[spec.engine]}:${each}`)
  return { ...spec, image, version: version ?? spec.version }
}

/** Mode and class are those that the store was created with, whatever the default has become since. */
function pinPersistence(spec: EffectiveSpec, statefulSet: StatefulSet | undefined): EffectiveSpec {
  if (!statefulSet) return spec
  const { annotations = {} } = statefulSet.metadata
  const mode = PERSISTENCE_MODES.find((each) => each === annotations[ANNOTATIONS.persistence]) ?? 'None'
  const storageClassName = annotations[ANNOTATIONS.storageClass]
  return { ...spec, persistence: keepOnVolumes(spec.persistence, mode, storageClassName) }
}

function keepOnVolumes(
  asked: Persistence,
  mode: Persistence['mode'],
  storageClassName: string | undefined,
): Persistence {
  if (mode === 'None') return { mode }
  const rest = asked.mode === 'None' ? { retain: DEFAULTS.retain, adoptVolumes: DEFAULTS.adoptVolumes } : asked
  return { ...rest, mode, ...(storageClassName !== undefined && { storageClassName }) }
}

/** Changes of the spec wait for the end of the suspension; what was in force is in the status. */
function keepBefore(spec: EffectiveSpec, before: EffectiveStatus): EffectiveSpec {
  const replicas = before.replicas ?? spec.replicas
  const maxMemory = before.maxMemory === undefined ? undefined : parseQuantity(before.maxMemory)
  return {
    ...spec,
    replicas,
    version: before.version ?? spec.version,
    image: before.image ?? spec.image,
    connections: before.connections ?? spec.connections,
    eviction: before.eviction ?? spec.eviction,
    ...(maxMemory?.ok && { capacity: { kind: 'MaxMemory', maxMemoryBytes: Number(maxMemory.value) } }),
    durability: durabilityOf(replicas),
  }
}
