import { expect } from 'chai'
import { PERSISTENCE_MODES } from '../../../src/api/v1alpha1/defaults.ts'
import { isOwnedParameter } from '../../../src/api/v1alpha1/spec/config.ts'
import {
  liveSettings,
  quorumSettings,
  renderServerConfig,
  type ServerConfigInput,
  staticConfig,
} from '../../../src/redis/serverconfig.ts'

const input: ServerConfigInput = {
  port: 6379,
  tls: { certFile: '/tls/tls.crt', keyFile: '/tls/tls.key', caFile: '/tls/ca.crt', clientAuth: 'None' },
  aclFile: '/users/users.acl',
  persistence: 'None',
  dataDir: '/data',
  maxMemoryBytes: 134_217_728,
  maxMemoryPolicy: 'volatile-ttl',
  maxClients: 1032,
  backlogBytes: 4_194_304,
  replicaBufferBytes: 33_554_432,
  minReplicasToWrite: 1,
  maxLagSeconds: 2,
}

describe('renderServerConfig()', () => {
  it('renders a server that starts guarded, empty and with TLS only', () => {
    expect(renderServerConfig(input).split('\n')).to.deep.equal([
      'port 0',
      'tls-port 6379',
      'tls-replication yes',
      'tls-auth-clients no',
      'tls-cert-file /tls/tls.crt',
      'tls-key-file /tls/tls.key',
      'tls-ca-cert-file /tls/ca.crt',
      'tls-protocols "TLSv1.2 TLSv1.3"',
      'aclfile /users/users.acl',
      'dir /data',
      'daemonize no',
      'protected-mode no',
      'replicaof 127.0.0.1 1',
      'replica-serve-stale-data no',
      'save ""',
      'appendonly no',
      'rdb-del-sync-files yes',
      'repl-diskless-sync yes',
      'repl-diskless-sync-delay 1',
      'repl-ping-replica-period 1',
      'repl-timeout 10',
      'shutdown-timeout 10',
      'maxmemory 134217728',
      'maxmemory-policy volatile-ttl',
      'maxmemory-clients 55692492',
      'maxclients 1032',
      'repl-backlog-size 4194304',
      'client-output-buffer-limit replica 33554432 16777216 60',
      'tcp-keepalive 60',
      'min-replicas-to-write 1',
      'min-replicas-max-lag 2',
      '',
    ])
  })

  it('renders a plain port without TLS, never both', () => {
    const { tls: _tls, ...plain } = input
    expect(renderServerConfig(plain)).to.match(/^port 6379\n/)
    expect(renderServerConfig(plain)).not.to.include('tls-')
  })

  it('writes snapshots with RDB, keeps a log with AOF, and ends no replica for its disk', () => {
    const lines = (persistence: 'RDB' | 'AOF') => renderServerConfig({ ...input, persistence }).split('\n')

    expect(lines('RDB')).to.include.members(['save 300 1 60 10000', 'appendonly no'])
    expect(lines('AOF')).to.include.members(['save ""', 'appendonly yes', 'appendfsync everysec'])
    for (const mode of ['RDB', 'AOF'] as const) {
      expect(lines(mode)).to.include('replica-ignore-disk-write-errors yes')
      expect(lines(mode)).to.include('replicaof 127.0.0.1 1')
      expect(lines(mode)).not.to.include('rdb-del-sync-files yes')
    }
  })

  it('has no parameter that spec.config may set', () => {
    const { tls: _tls, ...plain } = input
    const inputs = PERSISTENCE_MODES.flatMap((persistence) => [
      { ...input, persistence },
      { ...plain, persistence },
    ])
    const names = inputs
      .flatMap((each) => [staticConfig(each), liveSettings(each), quorumSettings(each)])
      .flatMap(Object.keys)

    expect(names.filter((name) => !isOwnedParameter(name))).to.deep.equal([])
  })
})

describe('staticConfig() and liveSettings()', () => {
  it('share no parameter, with each other or with the write gate', () => {
    const names = [staticConfig(input), liveSettings(input), quorumSettings(input)].flatMap(Object.keys)
    expect(names.length).to.equal(new Set(names).size)
  })

  it('do not change the pod template when only live values change', () => {
    const changed = { ...input, maxMemoryBytes: 1, maxMemoryPolicy: 'noeviction', maxClients: 5, minReplicasToWrite: 2 }
    expect(staticConfig(changed)).to.deep.equal(staticConfig(input))
  })
})
