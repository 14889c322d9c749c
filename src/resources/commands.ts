import type { ClientAuth, Engine, PersistenceMode, TLSMode } from '../api/v1alpha1/defaults.ts'
import type { StoreIdentity } from './identity.ts'
import { PORT, podHost } from './names.ts'
import { DIRECTORIES, FILES } from './paths.ts'

/** The programs of each engine, as every image of it carries them on its PATH. */
export const PROGRAMS = {
  Valkey: { server: 'valkey-server', cli: 'valkey-cli' },
  Redis: { server: 'redis-server', cli: 'redis-cli' },
} as const satisfies Readonly<Record<Engine, Readonly<{ server: string; cli: string }>>>

/** How long a deleted primary waits for the operator to move its role before its server is told to stop. */
export const HANDOVER_SECONDS = 10

/** How long nodes may lead new connections to a former primary: kube-proxy collects changes for a second. */
export const LINGER_SECONDS = 3

/** What a start removes from the data directory. */
const LEFT_BEHIND = {
  // A full-sync file would bring deleted sessions back.
  None: ['*.rdb', 'appendonlydir'],
  // Half-written snapshots of a server that was killed; nobody else removes them, and each is as large as the data.
  RDB: ['temp-*'],
  // The log has everything: a file of a full sync only takes its room.
  AOF: ['temp-*', '*.rdb'],
} as const satisfies Readonly<Record<PersistenceMode, readonly string[]>>

/**
 * Starts a server. What an earlier container left behind is removed first, but never what the server writes by its mode of
 * persistence. POD_NAME comes from the environment.
 */
export function startCommand(
  store: StoreIdentity,
  options: Readonly<{
    engine: Engine
    persistence: Readonly<{ mode: PersistenceMode }>
    clusterDomain: string
    /** Parameters of the spec that only a start can change, and only pods of this very template. */
    parameters?: Readonly<Record<string, string>>
  }>,
): readonly string[] {
  const announced = podHost(store, '$POD_NAME', options.clusterDomain)
  const words = Object.entries(options.parameters ?? {}).flatMap(([name, value]) => [
    `--${name}`,
    ...value.split(/\s+/).filter(Boolean),
  ])
  const script = [
    `rm -rf ${LEFT_BEHIND[options.persistence.mode].map((name) => `${DIRECTORIES.data}/${name}`).join(' ')}`,
    `exec ${PROGRAMS[options.engine].server} ${FILES.config} --replica-announce-ip "${announced}"${words.length > 0 ? ' "$@"' : ''}`,
  ]
  // As arguments of their own, which no shell reads; the first names the script.
  return ['sh', '-c', `${script.join('\n')}\n`, ...(words.length > 0 ? ['sh', ...words] : [])]
}

/**
 * Holds the stop of a primary back while it has replicas or is handing its role over, and then for as
 * long as nodes may still lead new connections here: a connection to a vanished address times out, a cut one is made anew
 * at once. Ends at once on a replica, on a primary without replicas, and on a server that does not answer.
 * The password is read from its file into the environment: arguments are visible to every process.
 */
export function preStopCommand(
  options: Readonly<{ engine: Engine; tlsMode: TLSMode; clientAuth: ClientAuth }>,
): readonly string[] {
  const shown = options.clientAuth === 'None' ? '' : ` --cert ${FILES.clientCertificate} --key ${FILES.clientKey}`
  const tls = options.tlsMode === 'Required' ? ` --tls --cacert ${FILES.bundle}${shown}` : ''
  const cli = `${PROGRAMS[options.engine].cli} -h localhost -p ${PORT} --user metrics --no-auth-warning${tls}`
  const script = [
    `REDISCLI_AUTH="$(cat ${FILES.metricsPassword})"`,
    'export REDISCLI_AUTH',
    `end=$(($(date +%s) + ${HANDOVER_SECONDS}))`,
    'was=',
    'while [ "$(date +%s)" -lt "$end" ]; do',
    `  info="$(timeout 2 ${cli} info replication)"`,
    '  case "$info" in',
    '    *role:master*state=online*) was=primary ;;',
    '    *master_failover_state:no-failover*) break ;;',
    '    # In the middle of a hand-over: its target is promoted by this server, which calls itself a replica already.',
    '    *master_failover_state:*) was=primary ;;',
    '    *) break ;;',
    '  esac',
    '  sleep 0.2',
    'done',
    `[ -z "$was" ] || [ "$(date +%s)" -ge "$end" ] || sleep ${LINGER_SECONDS}`,
  ]
  return ['sh', '-c', `${script.join('\n')}\n`]
}
