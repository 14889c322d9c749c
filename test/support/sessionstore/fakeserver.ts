import type { CallResult, Connection } from '../../../src/redis/connection.ts'
import type { Reply } from '../../../src/redis/parse.ts'
import { FILES } from '../../../src/resources/paths.ts'

/** What a server answers; an Error is the server's own, its first word the code. */
type Answer = Reply | Error

/** Finds the server that a replica was pointed at. */
export type FindServer = (host: string) => FakeServer | undefined

/** Script, number of keys, key and epoch, less the first; what writes a record has more. */
const HEARTBEAT_ARGUMENTS = 3

let runs = 0

/** Parameters that nobody set: one that can be changed live, one that only a start can change. */
const DEFAULTS = { hz: '10', 'io-threads': '1' } as const

/** What the real server says to a parameter that it does not take. */
function refusalOf([name = '', value = '']: readonly string[]): Error | undefined {
  const failed = `ERR CONFIG SET failed (possibly related to argument '${name}') - `
  if (name === 'io-threads') return new Error(`${failed}can't set immutable config`)
  if (name === 'hz' && !/^\d+$/.test(value)) return new Error(`${failed}argument couldn't be parsed into an integer`)
  if (name === 'nosuch') return new Error(`ERR Unknown option or number of arguments for CONFIG SET - '${name}'`)
  return undefined
}

/** A server in memory that answers what the operator asks, the boot guard and the write gate included. */
export class FakeServer {
  readonly name: string
  readonly host: string
  readonly #find: FindServer
  runId = ''
  isDown = false
  role: 'master' | 'replica' = 'replica'
  upstream = { host: '127.0.0.1', port: '1' }
  record: Readonly<Record<string, string>> | undefined
  offset = 100
  usedMemoryBytes = 1_000_000
  readonly config = new Map<string, string>()
  readonly users = new Map<string, readonly string[]>()
  /** Every command that changes something, in order. */
  readonly log: string[] = []

  constructor(name: string, host: string, find: FindServer) {
    this.name = name
    this.host = host
    this.#find = find
    this.restart()
  }

  /** The container starts again: nothing comes back but what its files say. */
  restart(): void {
    runs += 1
    this.runId = `run-${runs}`
    this.role = 'replica'
    this.upstream = { host: '127.0.0.1', port: '1' }
    this.record = undefined
    this.config.clear()
    for (const [name, value] of Object.entries(DEFAULTS)) this.config.set(name, value)
    this.config.set('replica-serve-stale-data', 'no').set('min-replicas-to-write', '1').set('min-replicas-max-lag', '2')
    this.config.set('tls-ca-cert-file', FILES.bundle).set('tls-auth-clients', 'no')
    this.users.clear()
    this.users.set('operator', ['operator', 'reset', 'on'])
    this.isDown = false
  }

  get primary(): FakeServer | undefined {
    const upstream = this.role === 'replica' ? this.#find(this.upstream.host) : undefined
    return upstream && !upstream.isDown && upstream.role === 'master' ? upstream : undefined
  }

  /** What replication brings at once. */
  sync(): void {
    if (!this.primary) return
    this.record = this.primary.record
    this.offset = this.primary.offset
  }

  replicas(servers: Iterable<FakeServer>): readonly FakeServer[] {
    return [...servers].filter((server) => !server.isDown && server.primary === this)
  }

  connection(servers: Iterable<FakeServer>): Connection {
    const call = async (words: readonly string[]): Promise<CallResult> => {
      const answer = this.#answer(words, [...servers])
      if (!(answer instanceof Error)) return { ok: true, value: answer }
      const code = /^[A-Z]+/.exec(answer.message)?.[0] ?? ''
      return { ok: false, reason: 'ServerError', code, message: answer.message }
    }
    return {
      call,
      callAll: (commands) => Promise.all(commands.map(call)),
      isOpen: () => !this.isDown,
      onClose: () => undefined,
      close: () => undefined,
      passwordIndex: 0,
    }
  }

  #answer(words: readonly string[], servers: readonly FakeServer[]): Answer {
    const [name = '', sub = '', ...rest] = words
    const command = `${name} ${sub}`
    if (name === 'INFO') return this.#info(servers)
    if (name === 'ROLE') return this.#role()
    if (command === 'CONFIG GET') return this.#configOf(rest)
    if (command === 'ACL WHOAMI') return 'operator'
    if (command === 'ACL USERS')
      return ['default', ...this.users.keys()].filter((user, i, all) => all.indexOf(user) === i)
    if (command === 'ACL GETUSER') return this.#user(rest[0] ?? '')
    if (command === 'ACL CAT') return []
    if (name === 'HGETALL') return this.#read() ?? Object.entries(this.record ?? {}).flat()
    if (name === 'HMGET') return this.#read() ?? rest.map((field) => this.record?.[field] ?? null)
    if (name === 'WAIT') return this.replicas(servers).length
    if (['PING', 'WATCH', 'UNWATCH', 'MULTI'].includes(name)) return 'OK'
    if (name === 'EXEC') return ['OK']
    return this.#change(words, servers)
  }

  #change(words: readonly string[], servers: readonly FakeServer[]): Answer {
    const [name = '', sub = '', ...rest] = words
    this.log.push(name === 'EVAL' ? 'EVAL record' : words.slice(0, name === 'ACL' ? 3 : 4).join(' '))
    const refusal = name === 'CONFIG' && refusalOf(rest)
    if (refusal) return refusal
    if (name === 'CONFIG')
      for (let i = 0; i + 1 < rest.length; i += 2) this.config.set(rest[i] ?? '', rest[i + 1] ?? '')
    if (`${name} ${sub}` === 'ACL SETUSER') this.users.set(rest[0] ?? '', rest)
    if (`${name} ${sub}` === 'ACL DELUSER') for (const user of rest) this.users.delete(user)
    if (name === 'REPLICAOF') this.#follow(sub, rest[0] ?? '')
    if (name === 'FAILOVER') this.#handOver(rest[0] ?? '')
    if (name === 'EVAL') return this.#run(rest, servers)
    return 'OK'
  }

  #follow(host: string, port: string): void {
    if (host === 'NO') this.role = 'master'
    else {
      this.role = 'replica'
      this.upstream = { host, port }
    }
    this.sync()
  }

  #handOver(host: string): void {
    const target = this.#find(host)
    if (!target) return
    target.role = 'master'
    this.#follow(target.host, '6379')
  }

  #write(
    [storeUID = '', epoch = '', n = '', w = '', primary = '']: readonly string[],
    servers: readonly FakeServer[],
  ): Answer {
    if (this.role === 'replica') return new Error('READONLY replica')
    const replicas = this.replicas(servers)
    if (replicas.length < Number(this.config.get('min-replicas-to-write'))) return new Error('NOREPLICAS too few')
    this.record = { storeUID, epoch, n, w, primary, seq: '1', time: '1' }
    this.offset += 100
    for (const replica of replicas) replica.sync()
    return 'OK'
  }

  /** One of our two scripts: the heartbeat, or what writes a record. */
  #run(given: readonly string[], servers: readonly FakeServer[]): Answer {
    return given.length === HEARTBEAT_ARGUMENTS ? this.#beat(given[2]) : this.#write(given.slice(2), servers)
  }

  #beat(epoch: string | undefined): Answer {
    if (this.role === 'replica') return new Error('READONLY replica')
    if (this.record?.['epoch'] !== epoch) return new Error('STALE record has another epoch')
    const seq = Number(this.record?.['seq']) + 1
    this.record = { ...this.record, seq: String(seq) }
    return seq
  }

  #read(): Error | undefined {
    const isShut = this.role === 'replica' && !this.primary && this.config.get('replica-serve-stale-data') === 'no'
    return isShut ? new Error('MASTERDOWN link is down') : undefined
  }

  #configOf(names: readonly string[]): Reply {
    const pattern = (name: string): RegExp => new RegExp(`^${name.replace('*', '.*')}$`)
    const shown = [...this.config].filter(([name]) => names.some((wanted) => pattern(wanted).test(name)))
    return shown.flat()
  }

  #user(name: string): Reply {
    const rules = this.users.get(name)
    if (!rules) return name === 'default' ? ['flags', ['off'], 'passwords', [], 'commands', '-@all', 'keys', ''] : null
    const of = (prefix: string): readonly string[] => rules.filter((rule) => rule.startsWith(prefix))
    const databases = of('db=')
    return [
      ...['flags', [rules.includes('on') ? 'on' : 'off']],
      ...['passwords', of('#').map((hash) => hash.slice(1))],
      ...['commands', ['-@all', ...of('+')].join(' ')],
      ...['keys', of('~').join(' ')],
      ...['channels', '', 'selectors', []],
      ...['databases', databases.length > 0 ? databases.join(' ') : 'alldbs'],
    ]
  }

  #role(): Reply {
    if (this.role === 'master') return ['master', this.offset, []]
    return [
      'slave',
      this.upstream.host,
      Number(this.upstream.port),
      this.primary ? 'connected' : 'connect',
      this.offset,
    ]
  }

  #info(servers: readonly FakeServer[]): string {
    const replicas = this.replicas(servers)
    const { host, port } = this.upstream
    const link = this.primary ? 'up' : 'down'
    const lines = [
      ...[`run_id:${this.runId}`, 'valkey_version:9.1.2', 'loading:0', `used_memory:${this.usedMemoryBytes}`],
      ...[`master_replid:lineage`, `master_repl_offset:${this.offset}`, 'second_repl_offset:-1'],
      ...['master_failover_state:no-failover', `min_slaves_good_slaves:${replicas.length}`],
      ...(this.role === 'master'
        ? ['role:master']
        : ['role:slave', `master_host:${host}`, `master_port:${port}`, `master_link_status:${link}`]),
      ...(this.primary ? ['master_last_io_seconds_ago:0'] : []),
      ...replicas.map((each, i) => `slave${i}:ip=${each.host},port=6379,state=online,offset=${each.offset},lag=0`),
      ...(this.record ? ['db1:keys=1,expires=0,avg_ttl=0'] : []),
    ]
    return lines.join('\n')
  }
}
