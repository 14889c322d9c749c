import type { Log } from '../kube/log.ts'
import { reloadCertificate } from '../redis/replication.ts'
import { FILES } from '../resources/paths.ts'
import type { StoreRuntime } from './runtime.ts'

const MOUNTED = { certFile: FILES.certificate, keyFile: FILES.key, caFile: FILES.bundle } as const

/**
 * Has members read their renewed certificate. Whether it worked shows on the next look: a new connection tells what is
 * presented now, which stays the old one until the kubelet has brought the Secret to the mount.
 */
export async function reloadCertificates(
  { key, log, runtime }: Readonly<{ key: string; log: Log; runtime: Pick<StoreRuntime, 'dataPlane'> }>,
  members: readonly string[],
): Promise<void> {
  await Promise.all(
    members.map(async (member) => {
      const connection = runtime.dataPlane.connection(member)
      if (!connection) return
      const reloaded = await reloadCertificate(connection, MOUNTED)
      if (reloaded.ok) await runtime.dataPlane.reconnect(member)
      else log.info({ store: key, member, reason: reloaded.message }, 'Certificate is not reloaded yet')
    }),
  )
}
