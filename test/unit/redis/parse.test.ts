import { expect } from 'chai'
import {
  infoNumber,
  parseInfo,
  parseKeyspace,
  parseReplicaLinks,
  parseRole,
  parseStringPairs,
  parseVersion,
  withoutTrailingDot,
} from '../../../src/redis/parse.ts'

const INFO = [
  '# Server',
  'redis_version:7.2.4',
  'valkey_version:9.1.2',
  'executable:/usr/bin/valkey-server:x',
  '# Replication',
  'role:master',
  'slave0:ip=s-1.s-nodes.shop.svc.cluster.local.,port=6379,state=online,offset=42,lag=1,type=replica',
  'slave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0',
  'slaves_waiting:2',
  '# Keyspace',
  'db0:keys=12,expires=3,avg_ttl=0',
  'db1:keys=1,expires=0,avg_ttl=0,subexpiry=0',
  '',
].join('\r\n')

describe('parseInfo()', () => {
  it('reads fields of all sections and keeps colons in values', () => {
    expect(parseInfo(INFO).get('role')).to.equal('master')
    expect(parseInfo(INFO).get('executable')).to.equal('/usr/bin/valkey-server:x')
  })

  it('gives nothing for an empty text', () => {
    expect(parseInfo('').size).to.equal(0)
  })
})

describe('parseVersion()', () => {
  it('prefers the version of Valkey to the one it is compatible with', () => {
    expect(parseVersion(parseInfo(INFO))).to.equal('9.1.2')
    expect(parseVersion(parseInfo('redis_version:8.0.2'))).to.equal('8.0.2')
  })
})

describe('infoNumber()', () => {
  it('falls back when the field is absent or no number', () => {
    const fields = parseInfo('a:5\nb:x')
    expect(['a', 'b', 'c'].map((name) => infoNumber(fields, name, -1))).to.deep.equal([5, -1, -1])
  })
})

describe('parseReplicaLinks()', () => {
  it('lists replicas with the names they announce', () => {
    expect(parseReplicaLinks(parseInfo(INFO))).to.deep.equal([
      { host: 's-1.s-nodes.shop.svc.cluster.local.', port: 6379, state: 'online', offset: 42, lagSeconds: 1 },
      { host: '10.0.0.3', port: 6379, state: 'wait_bgsave', offset: 0, lagSeconds: 0 },
    ])
  })
})

describe('parseKeyspace()', () => {
  it('counts the keys of each database', () => {
    expect([...parseKeyspace(parseInfo(INFO))]).to.deep.equal([
      [0, 12],
      [1, 1],
    ])
  })
})

describe('parseRole()', () => {
  const replicas = [{ host: '10.0.0.2', port: 6379 }]

  it('reads a primary in both vocabularies', () => {
    for (const word of ['master', 'primary']) {
      expect(parseRole([word, 7, [['10.0.0.2', '6379', '7']]])).to.deep.equal({ role: 'master', offset: 7, replicas })
    }
  })

  it('reads a replica in both vocabularies', () => {
    for (const word of ['slave', 'replica']) {
      expect(parseRole([word, '10.0.0.1', 6379, 'connected', 7])).to.deep.equal({
        role: 'replica',
        upstream: { host: '10.0.0.1', port: 6379 },
        link: 'connected',
        offset: 7,
      })
    }
  })

  it('knows no other role', () => {
    expect(parseRole(['sentinel', []])).to.equal(undefined)
    expect(parseRole('OK')).to.equal(undefined)
  })
})

describe('parseStringPairs()', () => {
  it('leaves out what is no text, and a name without a value', () => {
    expect([...parseStringPairs(['a', '1', 'b', ['x'], 'c'])]).to.deep.equal([['a', '1']])
  })
})

describe('withoutTrailingDot()', () => {
  it('takes one dot off', () => {
    expect([withoutTrailingDot('a.b.'), withoutTrailingDot('a.b')]).to.deep.equal(['a.b', 'a.b'])
  })
})
