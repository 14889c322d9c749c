import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { MANIFEST_PATH } from '../../hack/generate/manifests.ts'
import { repoDir } from '../../hack/paths.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { clusterScoped, namespaced } from '../../src/kube/resources.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { TEST_MANAGER } from './kube.ts'

const RBAC = 'rbac.authorization.k8s.io/v1'
const GRANTS = {
  ClusterRole: clusterScoped(RBAC, 'ClusterRole', 'clusterroles'),
  ClusterRoleBinding: clusterScoped(RBAC, 'ClusterRoleBinding', 'clusterrolebindings'),
  Role: namespaced(RBAC, 'Role', 'roles'),
  RoleBinding: namespaced(RBAC, 'RoleBinding', 'rolebindings'),
}

type Kind = keyof typeof GRANTS
type Rule = Readonly<{ apiGroups: readonly string[]; resources: readonly string[]; verbs: readonly string[] }>
type Grant = KubeObject & Readonly<{ rules?: readonly Rule[]; roleRef?: Readonly<{ name: string }> }>

export type GrantOptions = Readonly<{
  /** Of the Lease; also begins the names of the grants. */
  namespace: string
  user: string
  /** Left out of what the manifest grants: a resource, such as `nodes`. */
  without?: string
}>

/** What the manifest grants to the operator's ServiceAccount, granted to a user instead. */
export async function grantOperatorRights(client: KubeClient, options: GrantOptions): Promise<void> {
  const { namespace, user, without } = options
  const text = await readFile(join(repoDir, MANIFEST_PATH), 'utf8')
  const objects: readonly Grant[] = parseAllDocuments(text).map((document) => document.toJS())
  for (const { metadata, rules, ...object } of objects.filter(isOperatorGrant)) {
    const kind = object.kind as Kind
    const place = GRANTS[kind].namespaced ? { namespace } : {}
    const grant = {
      ...object,
      ...(rules && { rules: rules.map((rule) => withoutResource(rule, without)).filter(hasResources) }),
      ...(object.roleRef && bound(user, { ...object.roleRef, name: `${namespace}-${object.roleRef.name}` })),
      metadata: { name: `${namespace}-${metadata.name}`, ...place },
    }
    await client.create(GRANTS[kind], grant, { fieldManager: TEST_MANAGER })
  }
}

/** Lets a user list and watch one kind in the whole cluster; resolves with the way to take that back. */
export async function grantReading(
  client: KubeClient,
  { user, resource }: Readonly<{ user: string; resource: string }>,
): Promise<() => Promise<void>> {
  const metadata = { name: `${user}-${resource}` }
  const [role, binding] = [GRANTS.ClusterRole, GRANTS.ClusterRoleBinding]
  const rules = [{ apiGroups: [''], resources: [resource], verbs: ['list', 'watch'] }]
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name }
  const granted = { apiVersion: RBAC, kind: role.kind, metadata, rules } as KubeObject
  await client.create(role, granted, { fieldManager: TEST_MANAGER })
  const given = { apiVersion: RBAC, kind: binding.kind, metadata, ...bound(user, roleRef) } as KubeObject
  await client.create(binding, given, { fieldManager: TEST_MANAGER })
  return async () => {
    await client.delete(binding, metadata)
    await client.delete(role, metadata)
  }
}

function bound(user: string, roleRef: object): object {
  return { roleRef, subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }] }
}

/** The other ClusterRoles are for people. */
function isOperatorGrant({ kind, metadata }: KubeObject): boolean {
  return kind in GRANTS && ['sessionstore-operator', 'sessionstore-operator-lease'].includes(metadata.name)
}

function withoutResource(rule: Rule, without: string | undefined): Rule {
  return { ...rule, resources: rule.resources.filter((resource) => resource !== without) }
}

function hasResources({ resources }: Rule): boolean {
  return resources.length > 0
}
