import type { KubeObject, OwnerReference } from './types.ts'

/** The reference of the one controller of an object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true)
}

/** Whether the object's controller is the owner with this UID. */
export function isControlledBy(object: KubeObject, ownerUid: string): boolean {
  return controllerOf(object)?.uid === ownerUid
}

/** One entry of metadata.managedFields, as far as it is read. */
export type ManagedFields = Readonly<{
  manager?: string
  operation?: string
  subresource?: string
  apiVersion?: string
  fieldsV1?: FieldSet
}>

/** The set of fields as the API server writes it: `f:name`, `k:{…}` and `v:…` keys, nested. */
export type FieldSet = Readonly<{ [key: string]: FieldSet }>

/**
 * What `manager` created by POST is owned by an Update entry, which server-side apply never lets go of: a field no longer
 * declared would stay for ever. Gives the entries with that ownership moved to the Apply entry; undefined when it is
 * there already.
 */
export function moveToApply(entries: readonly ManagedFields[], manager: string): readonly ManagedFields[] | undefined {
  const ours = entries.filter((entry) => entry.manager === manager && !entry.subresource)
  const created = ours.find((entry) => entry.operation === 'Update')
  if (!created) return undefined
  const applied = ours.find((entry) => entry.operation === 'Apply')
  const others = entries.filter((entry) => entry !== created && entry !== applied)
  const fieldsV1 = union(created.fieldsV1 ?? {}, applied?.fieldsV1 ?? {})
  return [...others, { ...created, ...applied, operation: 'Apply', fieldsV1 }]
}

function union(a: FieldSet, b: FieldSet): FieldSet {
  const merged: Record<string, FieldSet> = { ...a }
  for (const [key, fields] of Object.entries(b)) merged[key] = union(merged[key] ?? {}, fields)
  return merged
}
