import { prepare } from '../redis/prepare.ts'
import { setParameters } from '../redis/trysetting.ts'
import { all, memberOf, type ServerContext, type Step, withConnection } from './actservers.ts'
import { type ActResult, DONE, notDone } from './dataplane.ts'
import { isReached } from './plan/facts.ts'
import { isCurrent, reload } from './reload.ts'

/** Asserts users and settings on members in parallel; one that refuses is left out for a while and named. */
export async function actPrepare(context: ServerContext, step: Step<'prepare'>): Promise<ActResult> {
  const { snapshot, dataPlane, memory, steadyMs } = context
  const { credentials, settings, facts, config } = snapshot
  const password = credentials.logins.replication?.passwords[0]
  if (password === undefined) return notDone('the replication login does not exist yet')
  const hash = facts.goal.preparedHash
  const replication = { username: 'replication', password }
  const input = { users: credentials.users, settings, replication, hash }
  const results = await Promise.all(
    step.members.map(async (name) => {
      const prepared = await withConnection(dataPlane, name, async (connection) => {
        const asserted = await prepare(connection, input)
        if (!asserted.ok) return asserted
        const set = await setParameters(connection, config.settings)
        return set.ok ? { ...asserted, refused: set.refused } : set
      })
      if (prepared.ok) {
        const { runId, refused } = prepared
        memory.config.noteTold(name, { runId, settings: config.settings, refused })
        dataPlane.notePrepared(name, prepared)
        await readTrust(context, name)
        return DONE
      }
      const message = `${name} cannot be prepared: ${prepared.message}`
      const member = memberOf(context, name)
      if (member && isReached(member))
        memory.notePrepareFailure(name, { runId: member.probe.runId, atMs: steadyMs(), message })
      return notDone(message)
    }),
  )
  return all(results)
}

/**
 * A server that just started presents its served certificate to its primary too, which takes it only if it is made for
 * clients. Refused while the kubelet has not brought the files; then it is done later.
 */
async function readTrust({ snapshot, dataPlane }: ServerContext, name: string): Promise<void> {
  const { served } = snapshot.credentials
  const member = snapshot.facts.members.find((each) => each.name === name)
  if (!served || snapshot.spec.tlsMode === 'Disabled' || !member || !isReached(member)) return
  if (isCurrent(member.probe, served)) return
  await withConnection(dataPlane, name, (connection) => reload(connection, served))
}
