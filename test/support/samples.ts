import path from 'node:path'
import { readSamples, type Sample } from '../../hack/generate/samples.ts'
import { SESSION_BINDINGS } from '../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES } from '../../src/api/v1alpha1/sessionstore.ts'
import * as builtIn from '../../src/kube/resources.ts'
import type { KubeObject, Resource } from '../../src/kube/types.ts'

const resources = [SESSION_STORES, SESSION_BINDINGS, ...Object.values(builtIn)] as readonly Resource[]

/** What somebody applies, with the kind's place in the API. */
export type Applied = Readonly<{ resource: Resource; object: KubeObject }>

/** Every object in samples/, in the order of the files. */
export function allSamples(): Promise<readonly Sample[]> {
  return readSamples(path.resolve(import.meta.dirname, '../../samples'))
}

/** A sample as it is applied. */
export function appliedOf({ file, value }: Sample): Applied {
  const resource = resources.find(({ kind }) => kind === value.kind)
  if (!resource) throw new Error(`samples/${file} has the unknown kind ${value.kind}`)
  return { resource, object: withoutDefault(value as KubeObject) }
}

/** Samples are written for the namespace default; elsewhere a reference to it is one to where they are applied. */
function withoutDefault<T extends KubeObject & Readonly<{ spec?: unknown }>>(object: T): T {
  const spec = (object.spec ?? {}) as Readonly<{ storeRef?: Readonly<{ name: string; namespace?: string }> }>
  if (spec.storeRef?.namespace !== 'default') return object
  return { ...object, spec: { ...spec, storeRef: { name: spec.storeRef.name } } }
}
