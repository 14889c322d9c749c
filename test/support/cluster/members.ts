import { SECRETS } from '../../../src/kube/resources.ts'
import { bindingSecretName, PORT, podHost, tlsSecretName, userSecretName } from '../../../src/resources/names.ts'
import { KEYS } from '../../../src/resources/paths.ts'
import { until } from '../until.ts'
import { findObject } from './api.ts'
import { type ClientPod, execJson } from './client.ts'
import { isSettled, labelledPrimaries, readStore, type StoreRef, secretEntry, serverPods } from './store.ts'

/** What a member's server says of itself (test/cluster/client/members.mjs). */
export type Member = Readonly<
  | { error: string; role?: never }
  | {
      error?: never
      role: 'master' | 'slave'
      version: string
      runId: string
      linkUp: boolean
      upstream: string | null
      /** `min-replicas-to-write` and `min-replicas-max-lag`. */
      gate: string
      replicas: number
      usedMemoryBytes: number
      rssBytes: number
      evictedKeys: number
      maxMemoryBytes: number
      eviction: string
      keys: number
      /** The parameters that were asked for. */
      config: Readonly<Record<string, string>>
      record: Readonly<Record<string, string>>
    }
>

/** Asks every server of the store, with the operator's login, from inside the cluster. */
export async function askMembers(
  client: ClientPod,
  ref: StoreRef,
  parameters: readonly string[] = [],
): Promise<Readonly<Record<string, Member>>> {
  const { namespace } = ref
  const secret = userSecretName(ref, 'operator')
  const pods = await serverPods(ref)
  const hasTls = (await findObject(SECRETS, { namespace, name: tlsSecretName(ref) })) !== undefined
  const input = {
    parameters,
    username: await secretEntry(namespace, secret, KEYS.username),
    password: await secretEntry(namespace, secret, KEYS.password),
    ...(hasTls ? { ca: await secretEntry(namespace, bindingSecretName(ref), KEYS.bundle) } : {}),
    members: pods.map(({ metadata: { name } }) => ({ name, host: podHost(ref, name, 'cluster.local'), port: PORT })),
  }
  return execJson(client, ['node', '/client/members.mjs'], JSON.stringify(input))
}

/** Why label, ROLE, record and status of a store do not agree; empty when they do. */
export function findDisagreements(
  facts: Readonly<{
    labelled: readonly string[]
    statusPrimary: string | undefined
    statusEpoch: number | undefined
    members: Readonly<Record<string, Member>>
  }>,
): readonly string[] {
  const { labelled, statusPrimary, statusEpoch, members } = facts
  const masters = Object.keys(members).filter((name) => members[name]?.role === 'master')
  const wrong: string[] = []
  if (labelled.length !== 1) wrong.push(`labelled primaries are [${labelled.join(' ')}], must be one`)
  if (masters.join() !== labelled.join()) wrong.push(`ROLE master says [${masters.join(' ')}], the label ${labelled}`)
  if (statusPrimary !== masters[0]) wrong.push(`status.primary is ${statusPrimary}, ROLE master says ${masters[0]}`)
  for (const [name, member] of Object.entries(members)) {
    if (member.error !== undefined) {
      wrong.push(`${name} does not answer: ${member.error}`)
      continue
    }
    const { record, role, linkUp, upstream } = member
    if (record['primary'] !== masters[0]) wrong.push(`the record of ${name} names ${record['primary']}`)
    if (Number(record['epoch']) !== statusEpoch) wrong.push(`${name} has epoch ${record['epoch']}, not ${statusEpoch}`)
    if (role === 'slave' && !linkUp) wrong.push(`the link of ${name} is down`)
    if (role === 'slave' && !upstream?.startsWith(`${masters[0]}.`)) wrong.push(`${name} follows ${upstream}`)
  }
  return wrong
}

/**
 * Waits until the store is settled and the role label, each server's ROLE, the record and the status agree: the
 * invariant after every disturbance.
 */
export async function untilAgreed(
  client: ClientPod,
  ref: StoreRef,
  options: Readonly<{ deadlineMs?: number; afterEpoch?: number }> = {},
): Promise<Readonly<Record<string, Member>>> {
  return until(
    async (see) => {
      const store = await readStore(ref)
      see(store.status)
      if (!isSettled(store, options.afterEpoch)) return undefined
      const members = await askMembers(client, ref)
      const labelled = (await labelledPrimaries(ref)).map((pod) => pod.metadata.name)
      const { primary, epoch } = store.status ?? {}
      const wrong = findDisagreements({ labelled, statusPrimary: primary, statusEpoch: epoch, members })
      if (wrong.length > 0) see(wrong)
      return wrong.length === 0 ? members : undefined
    },
    { what: `label, ROLE, record and status of ${ref.name} to agree`, deadlineMs: options.deadlineMs ?? 120_000 },
  )
}
