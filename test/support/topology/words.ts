import type { EpochRecord, ProbeFacts, ServerFacts, UnreachableFacts } from '../../../src/redis/types.ts'
import type {
  Intent,
  IntentKind,
  Mark,
  MemberFacts,
  PodFacts,
  TopologyFacts,
} from '../../../src/sessionstore/plan/facts.ts'
import { deepFreeze } from './freeze.ts'

export const NOW_MS = 1_000_000
const UID = 'uid-1'
const HASH = 'prepared'
const FENCED_W = 1000

/**
 * Facts from words. The store: `n:3 w:1` (goal), `mark:epoch/n/w` or `virgin`, `size:3` (StatefulSet), `status:1`,
 * `intent:Failover/2/s-1/s-0/Reason`, `begun:5` (seconds since the intent), `chosen:run-s-1` (the run that it chose), `refuse`, `manual`, `lag:4` (goal), `markLag:4`, `suspended`, `degraded:4`, `stale` (runs that have ended are noted),
 * `volumes`, `accepted:1` (loss at that epoch), `observing:60`, `last:s-0` (whom the records name), `heard:s-0/1` (seconds since),
 * `unseen:s-1/1` (seconds since it may have run without our seeing it).
 * Defaults: three members at their goal n 3, w 1, in epoch 1 under s-0.
 */
export function facts(store: string, members: readonly string[]): TopologyFacts {
  const said = new Words(store)
  const n = said.number('n', 3)
  const w = said.number('w', n >= 3 ? 1 : 0)
  const named = members.find((member) => member.split(' ').includes('primary'))?.split(' ')[0]
  const last = said.text('last') ?? named ?? 's-0'
  const [epoch = 1, markN = n, markW = w] = (said.text('mark') ?? '').split('/').filter(Boolean).map(Number)
  const record = { storeUID: UID, epoch, n: markN, w: markW, primary: last, seq: 10, timeMs: NOW_MS - 500 }
  const maxLagMs = said.number('lag', 2) * 1000
  const markLagMs = said.number('markLag', said.number('lag', 2)) * 1000
  const mark: Mark = { bootstrapped: UID, epoch, n: markN, w: markW, maxLagMs: markLagMs }
  const isVirgin = said.has('virgin')
  const seats = members.map((member) => memberOf(member, { record: isVirgin ? undefined : record, last, members }))
  const intent = intentOf(said)
  return deepFreeze({
    storeUID: UID,
    nowMs: NOW_MS,
    wallMs: NOW_MS,
    port: 6379,
    goal: {
      n,
      w,
      maxLagMs,
      downAfterMs: 3000,
      failoverMode: said.has('manual') ? 'Manual' : 'Operator',
      whenDegraded: said.has('refuse') ? 'Refuse' : 'Relax',
      preparedHash: HASH,
    },
    ...(!isVirgin && { mark }),
    statusEpoch: said.number('status', isVirgin ? 0 : epoch),
    ...(intent && { intent }),
    statefulSetReplicas: said.number('size', n),
    members: seats,
    runs: runsOf(members, seats),
    hasStaleRuns: said.has('stale'),
    lastHeardMs: heardOf(said, seats),
    unseenMs: unseenOf(said),
    ...(said.has('degraded') && { degradedSinceMs: NOW_MS - said.number('degraded', 0) * 1000 }),
    observingSinceMs: NOW_MS - said.number('observing', 600) * 1000,
    hasVolumes: said.has('volumes'),
    ...(said.has('accepted') && { acceptedLossEpoch: said.number('accepted', 1) }),
    isSuspended: said.has('suspended'),
  })
}

class Words {
  readonly #words: readonly string[]

  constructor(text: string) {
    this.#words = text.split(' ').filter(Boolean)
  }

  has(key: string): boolean {
    return this.#words.some((word) => word === key || word.startsWith(`${key}:`))
  }

  text(key: string): string | undefined {
    return this.#words.find((word) => word.startsWith(`${key}:`))?.slice(key.length + 1)
  }

  number(key: string, otherwise: number): number {
    const text = this.text(key)
    return text === undefined || text === '' ? otherwise : Number(text)
  }
}

/** Every pod that is there, unless a word says that it took no part yet. */
function runsOf(words: readonly string[], members: readonly MemberFacts[]): TopologyFacts['runs'] {
  return members
    .filter((member, index) => member.pod && !words[index]?.split(' ').includes('unnoted'))
    .map(({ name, pod }) => ({ name, uid: pod?.uid ?? '', node: pod?.node ?? '' }))
}

function intentOf(said: Words): Intent | undefined {
  const text = said.text('intent')
  if (text === undefined) return undefined
  const [kind = '', epoch, candidate = '', from = '', reason = 'PrimarySilent'] = text.split('/')
  return {
    kind: kind as IntentKind,
    epoch: Number(epoch),
    candidate,
    ...(said.has('chosen') && { candidateRunId: said.text('chosen') ?? '' }),
    ...(from !== '' && { from }),
    reason,
    startedAtMs: NOW_MS - said.number('begun', 1) * 1000,
  }
}

function unseenOf(said: Words): Readonly<Record<string, number>> {
  const [name, seconds] = (said.text('unseen') ?? '').split('/')
  return name ? { [name]: NOW_MS - Number(seconds) * 1000 } : {}
}

function heardOf(said: Words, members: readonly MemberFacts[]): Readonly<Record<string, number>> {
  const [name, seconds] = (said.text('heard') ?? '').split('/')
  return Object.fromEntries(
    members.map((member) => [member.name, NOW_MS - (member.name === name ? Number(seconds) * 1000 : 60_000)]),
  )
}

type Surroundings = Readonly<{ record: EpochRecord | undefined; last: string; members: readonly string[] }>

/**
 * A member is a prepared, joined replica in sync unless a word says otherwise.
 * Role: `primary` (master, labelled, named by the records), `master`, `of:s-2` (follows), `nowhere` (boot guard),
 * `cut` (link down), `heard` (hears a primary that the operator cannot reach), `shown` (hidden record made readable).
 * Reach: `silent:4` (seconds), `refused`, `unknown`, `stopped`, `gone` (no pod), `ghost`, `was:master`.
 * Data: `empty`, `foreign`, `keys:7`, `epoch:2`, `names:s-1`, `seq:11`, `offset:110`, `lineage:b`, `says:n/w` (record),
 * `age:9` (seconds since its record was written).
 * Server: `run:2` (started again), `unprepared`, `failed` (prepare), `fenced`, `gate:0`, `lag:4`, `syncing`, `loading`, `moving` (FAILOVER), `version:9.0`,
 * `feeds:s-1` (lists it as online).
 * Pod: `podless`, `unnoted` (took no part yet), `joined` (beside `nowhere`: its restart was not seen yet), `labelled`, `unlabelled`, `leaving`, `old`, `unready`, `unreadable`, `unjoined`, `nodeDown`.
 */
function memberOf(text: string, { record, last, members }: Surroundings): MemberFacts {
  const [name = ''] = text.split(' ')
  const said = new Words(text.slice(name.length))
  const ordinal = said.has('ghost') ? 1_000_000 : Number(name.split('-')[1])
  const upstream = members.find((member) => member.split(' ')[0] === (said.text('of') ?? last))
  const probe = probeOf(said, { name, record, last, isUpstreamUp: /\bprimary\b|\bmaster\b/.test(upstream ?? '') })
  const stopped = stoppedOf(said)
  const isAway = probe.kind !== 'reached'
  const isLinkDown = probe.kind === 'reached' && probe.role === 'replica' && !probe.isLinkUp
  return {
    name,
    ordinal,
    host: hostOf(said.has('ghost') ? name.replace(/x$/, '') : name),
    ...(!['gone', 'ghost', 'podless'].some((word) => said.has(word)) && { pod: podOf(said, name) }),
    ...(stopped !== undefined && { stopped }),
    probe,
    hasPrepareFailed: said.has('failed'),
    ...(isAway && { awaySinceMs: NOW_MS - said.number('silent', said.number('ghost', 1)) * 1000 }),
    ...(isLinkDown && { linkDownSinceMs: NOW_MS - said.number('cut', 1) * 1000 }),
  }
}

function stoppedOf(said: Words): string | undefined {
  if (said.has('gone')) return 'PodGone'
  return said.has('stopped') ? 'ContainerTerminated' : undefined
}

function hostOf(name: string): string {
  return `${name}.s-members.apps.svc.cluster.local.`
}

function podOf(said: Words, name: string): PodFacts {
  const isLabelled = (said.has('primary') || said.has('labelled')) && !said.has('unlabelled')
  // A server behind its boot guard has lost both, but for the moment before the operator saw it.
  const isOut = said.has('nowhere') && !said.has('joined')
  const isRole = isLabelled ? 'primary' : 'replica'
  return {
    uid: `pod-${name}`,
    ip: `10.0.0.${name.split('-')[1]}`,
    node: `node-${name}`,
    isTerminating: said.has('leaving'),
    isReady: !said.has('unready') && !said.has('stopped'),
    isNodeReady: !said.has('nodeDown'),
    isOutdated: said.has('old'),
    ...(!said.has('unlabelled') && { role: isRole }),
    isReadable: !isLabelled && !said.has('unreadable') && !isOut,
    isJoined: !said.has('unjoined') && !isOut,
  }
}

type Server = Readonly<{ name: string; record: EpochRecord | undefined; last: string; isUpstreamUp: boolean }>

function probeOf(said: Words, server: Server): ProbeFacts {
  // Nobody is asked where there is no pod.
  if (said.has('unknown') || said.has('gone')) return { kind: 'unknown' }
  if (said.has('silent') || said.has('refused') || said.has('stopped') || said.has('ghost')) return unreachable(said)
  return reached(said, server)
}

function unreachable(said: Words): UnreachableFacts {
  const role = said.text('was')
  return {
    kind: 'unreachable',
    reason: said.has('refused') ? 'Refused' : said.has('ghost') ? 'NoAddress' : 'Timeout',
    sinceMs: NOW_MS - said.number('silent', said.number('ghost', 1)) * 1000,
    isRefusalConfirmed: said.has('refused'),
    ...((role === 'master' || role === 'replica') && { lastKnown: { runId: 'run', role } }),
  }
}

function reached(said: Words, server: Server): ServerFacts {
  const { record } = server
  const role = said.has('primary') || said.has('master') ? 'master' : 'replica'
  const isPrepared = !said.has('unprepared') && !said.has('restarted')
  return {
    kind: 'reached',
    failedWrites: [],
    runId: said.text('run') ?? `run-${server.name}`,
    version: said.text('version') ?? '9.1',
    role,
    ...(role === 'master' ? { isLinkUp: false, isRecordHidden: false } : linkOf(said, server)),
    isSyncing: said.has('syncing'),
    isLoading: said.has('loading'),
    replicationId: said.text('lineage') ?? 'a',
    replicationId2: '',
    offset: said.number('offset', 100),
    secondOffset: -1,
    failoverState: said.has('moving') ? 'failover-in-progress' : 'no-failover',
    usedMemoryBytes: 1_000_000,
    replicationBufferBytes: 0,
    evictedKeys: 0,
    fullCopies: 0,
    bufferCuts: 0,
    maxMemoryBytes: 100_000_000,
    minReplicasToWrite: said.has('fenced') ? FENCED_W : said.number('gate', record?.w ?? 1),
    maxLagSeconds: said.number('lag', 2),
    ...dataOf(said, { record, isHidden: role === 'replica' && linkOf(said, server).isRecordHidden }),
    replicas: feedsOf(said),
    preparedHash: isPrepared ? HASH : '',
    observedAtMs: NOW_MS,
  }
}

type Link = Pick<ServerFacts, 'upstream' | 'isLinkUp' | 'lastHeardSeconds' | 'isRecordHidden'>

function linkOf(said: Words, { last, isUpstreamUp }: Server): Link {
  if (said.has('nowhere') || said.has('restarted'))
    return { upstream: { host: '127.0.0.1', port: 1 }, isLinkUp: false, isRecordHidden: !said.has('shown') }
  const upstream = { host: hostOf(said.text('of') ?? last), port: 6379 }
  const isLinkUp = said.has('heard') || (isUpstreamUp && !said.has('cut'))
  if (isLinkUp) return { upstream, isLinkUp, isRecordHidden: false, lastHeardSeconds: 0 }
  return { upstream, isLinkUp, isRecordHidden: !said.has('shown') }
}

function feedsOf(said: Words): ServerFacts['replicas'] {
  const name = said.text('feeds')
  return name === undefined ? [] : [{ host: hostOf(name), port: 6379, state: 'online', offset: 100, lagSeconds: 0 }]
}

type Data = Readonly<{ record: EpochRecord | undefined; isHidden: boolean }>

function dataOf(said: Words, { record, isHidden }: Data): Pick<ServerFacts, 'keyCount' | 'record'> {
  const own = said.has('empty') || said.has('restarted') ? undefined : recordFrom(said, record)
  return { keyCount: said.number('keys', own ? 7 : 0), ...(own && !isHidden && { record: own }) }
}

function recordFrom(said: Words, record: EpochRecord | undefined): EpochRecord | undefined {
  const [n, w] = (said.text('says') ?? '').split('/').filter(Boolean).map(Number)
  const base = record ?? { storeUID: UID, epoch: 1, n: 3, w: 1, primary: 's-0', seq: 10, timeMs: NOW_MS }
  if (!record && !said.has('epoch') && !said.has('foreign')) return undefined
  return {
    ...base,
    storeUID: said.has('foreign') ? 'uid-of-another' : UID,
    epoch: said.number('epoch', base.epoch),
    n: n ?? base.n,
    w: w ?? base.w,
    primary: said.text('names') ?? base.primary,
    seq: said.number('seq', base.seq),
    timeMs: said.has('age') ? NOW_MS - said.number('age', 0) * 1000 : base.timeMs,
  }
}
