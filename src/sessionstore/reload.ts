import type { Log } from '../kube/log.ts'
import type { Connection } from '../redis/connection.ts'
import { type CertificateFiles, type Done, reloadCertificate } from '../redis/replication.ts'
import { AUTH_CLIENTS } from '../redis/serverconfig.ts'
import type { ServerFacts } from '../redis/types.ts'
import { FILES } from '../resources/paths.ts'
import type { Served } from './certificates.ts'
import type { StoreRuntime } from './runtime.ts'

/**
 * Whether a server presents, trusts and asks for what the TLS Secret holds. It shows that it has read bundle and client
 * certificate by the name of the file it was told to read: that name is the hash of them.
 */
export function isCurrent({ servedFingerprint, trustFile, authClients }: ServerFacts, served: Served): boolean {
  return (
    !presentsOther({ servedFingerprint }, served) &&
    trustFile === served.trustFile &&
    authClients === AUTH_CLIENTS[served.clientAuth]
  )
}

/** Whether a server presents another certificate than the Secret holds: theirs was read before it was renewed (F11). */
export function presentsOther(
  { servedFingerprint }: Readonly<{ servedFingerprint?: string | undefined }>,
  served: Served,
): boolean {
  return servedFingerprint !== undefined && servedFingerprint !== served.facts.fingerprint
}

/** Has a server read what the TLS Secret holds, as soon as the kubelet has brought that to its mount. */
export function reload(connection: Connection, served: Served): Promise<Done> {
  const client = { certFile: FILES.clientCertificate, keyFile: FILES.clientKey }
  const files: CertificateFiles = {
    certFile: FILES.certificate,
    keyFile: FILES.key,
    caFile: served.client ? served.trustFile : FILES.bundle,
    ...(served.client && { client }),
    authClients: AUTH_CLIENTS[served.clientAuth],
  }
  return reloadCertificate(connection, files)
}

type Reloading = Readonly<{
  key: string
  log: Log
  runtime: Pick<StoreRuntime, 'dataPlane'>
  served: Served
}>

/**
 * Has members read their renewed certificate. Whether it worked shows on the next look: a new connection tells what is
 * presented now, which stays the old one until the kubelet has brought the Secret to the mount.
 */
export async function reloadCertificates(
  { key, log, runtime, served }: Reloading,
  members: readonly string[],
): Promise<void> {
  await Promise.all(
    members.map(async (member) => {
      const connection = runtime.dataPlane.connection(member)
      if (!connection) return
      const reloaded = await reload(connection, served)
      if (reloaded.ok) await runtime.dataPlane.reconnect(member)
      else log.debug({ store: key, member, reason: reloaded.message }, 'Certificate is not reloaded yet')
    }),
  )
}
