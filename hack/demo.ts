import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findLeader, operatorName, operatorNamespace } from './cluster/install.ts'
import { clientImage } from './cluster/ownimages.ts'
import { repoDir } from './paths.ts'
import { runCommand, until } from './processes.ts'
import { say, secondsSince } from './steps.ts'

const namespace = 'default'
const store = 'minimal'
const client = 'minimal-client'
const log = '/logs/writes.jsonl'
const primary = ['pod', '-l', `sessionstore.dev/store=${store},sessionstore.dev/role=primary`]

type WriterLine = Readonly<{
  event: string
  acknowledged?: number
  failed?: number
  downtimeMs?: number
  serviceGapMs?: number
  checked?: number
  lost?: number
}>

/**
 * Shows the main job on the cluster that runs: a store becomes Ready, a session is written over TLS with the binding's
 * login, the primary is deleted while a client writes, the session is still read, and the gap the client saw is told.
 */
export async function runDemonstration(env: NodeJS.ProcessEnv): Promise<void> {
  await kubectl(env, ['apply', '--filename', join(repoDir, 'samples', 'minimal.yaml')])
  const startedMs = Date.now()
  await kubectl(env, ['wait', `sess/${store}`, '--for=condition=Ready', '--timeout=180s'])
  say(`SessionStore "${store}" is Ready after ${secondsSince(startedMs)}`)
  await startClient(env)
  say(`wrote over TLS as the binding's user: ${await session(env, 'write')}`)
  await deletePrimary(env)
  say(`read again after the primary was deleted: ${await session(env, 'read')}`)
  await killLeader(env)
  await kubectl(env, ['delete', 'pod', client, '--now'])
  console.log((await kubectl(env, ['get', 'sess', '-A'])).trimEnd())
}

async function kubectl(env: NodeJS.ProcessEnv, words: readonly string[], input?: string): Promise<string> {
  const [verb = '', ...rest] = words
  return runCommand(['kubectl', verb, '--namespace', namespace, ...rest], {
    env,
    ...(input === undefined ? {} : { input }),
  })
}

/** A pod with the client programs and the binding's Secret, as an application would mount it. */
async function startClient(env: NodeJS.ProcessEnv): Promise<void> {
  await until(
    'the Secret of the binding',
    async () => kubectl(env, ['get', 'secret', `${store}-session-binding`]).catch(() => undefined),
    {
      timeoutMs: 60_000,
      everyMs: 500,
    },
  )
  await kubectl(env, ['delete', 'pod', client, '--now', '--ignore-not-found'])
  await kubectl(env, ['apply', '--filename', '-'], JSON.stringify(clientPod()))
  await kubectl(env, ['wait', `pod/${client}`, '--for=condition=Ready', '--timeout=90s'])
}

function clientPod(): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: client },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      // The control plane, so that the client does not share a node with the primary.
      nodeSelector: { 'node-role.kubernetes.io/control-plane': '' },
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      containers: [
        {
          name: 'client',
          image: clientImage,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '/client/hold.mjs'],
          env: [{ name: 'SERVICE_BINDING_ROOT', value: '/bindings' }],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'binding', mountPath: `/bindings/${store}`, readOnly: true },
            { name: 'logs', mountPath: '/logs' },
          ],
        },
      ],
      volumes: [
        { name: 'binding', secret: { secretName: `${store}-session-binding` } },
        { name: 'logs', emptyDir: {} },
      ],
    },
  }
}

/** Writes or reads one session in the client pod; gives the command, its key and the answer. */
async function session(env: NodeJS.ProcessEnv, act: 'write' | 'read'): Promise<string> {
  const call = act === 'write' ? `set(key, '{"user":"ada"}', 'EX', 1800)` : 'get(key)'
  const program = `
    import { Redis } from 'ioredis'
    import { readBinding, tlsOptions } from '/client/binding.mjs'
    const binding = readBinding()
    const tls = tlsOptions(binding)
    if (!tls) throw new Error('Cannot show TLS: the binding has no ca.crt')
    const redis = new Redis({ ...binding, tls })
    const key = binding.prefix + 'demonstration'
    const answer = await redis.${call}
    console.log('${act === 'write' ? 'SET' : 'GET'} ' + key + ' as ' + binding.username + ' at ' + binding.host + ':' + binding.port + ' → ' + answer)
    redis.disconnect()
  `
  const answer = await kubectl(env, ['exec', '-i', client, '--', 'node', '--input-type=module', '-'], program)
  if (!answer.trimEnd().endsWith(act === 'write' ? '→ OK' : '→ {"user":"ada"}'))
    throw new Error(`Cannot show the session: the answer is ${answer.trim()}`)
  return answer.trim()
}

/** Deletes the primary's pod while the client writes every 4 ms, and prints what that client saw. */
async function deletePrimary(env: NodeJS.ProcessEnv): Promise<void> {
  const command = [
    'exec',
    '-i',
    client,
    '--namespace',
    namespace,
    '--',
    'node',
    '/client/writer.mjs',
    '--connections',
    '2',
    '--rate',
    '500',
    '--log',
    log,
  ]
  const writer = spawn('kubectl', command, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: WriterLine[] = []
  createInterface({ input: writer.stdout }).on('line', (line) => lines.push(JSON.parse(line) as WriterLine))
  const ended = new Promise<number>((resolve) => writer.once('close', (code) => resolve(code ?? 255)))
  const acknowledged = () => lines.findLast((line) => line.event === 'numbers')?.acknowledged ?? 0
  await until('500 acknowledged writes', () => acknowledged() > 500, { timeoutMs: 60_000 })
  const before = await primaryName(env)
  const deletedMs = Date.now()
  await kubectl(env, ['delete', ...primary, '--wait=false'])
  const after = await until(
    'another primary',
    async () => ((name) => (name !== '' && name !== before ? name : undefined))(await primaryName(env)),
    { timeoutMs: 60_000 },
  )
  say(`deleted the primary ${before}; ${after} is the primary after ${secondsSince(deletedMs)}`)
  const atHandOver = acknowledged()
  await until('writes on the new primary', () => acknowledged() > atHandOver + 500, { timeoutMs: 60_000 })
  writer.stdin.write('stop\n')
  if ((await ended) !== 0) throw new Error('Cannot measure the gap: the writing client failed')
  const summary = lines.findLast((line) => line.event === 'summary')
  const verified = JSON.parse(
    (await kubectl(env, ['exec', client, '--', 'node', '/client/verify.mjs', '--log', log])).trim(),
  ) as WriterLine
  say(
    `as the writing client saw it: gap ${summary?.downtimeMs} ms (no connection had a good write for ${summary?.serviceGapMs} ms), ` +
      `${summary?.acknowledged} writes acknowledged, ${summary?.failed} refused, ${verified.lost} of ${verified.checked} acknowledged writes lost`,
  )
  await kubectl(env, ['wait', `sess/${store}`, '--for=condition=Ready', '--timeout=180s'])
}

async function primaryName(env: NodeJS.ProcessEnv): Promise<string> {
  return (await kubectl(env, ['get', ...primary, '--output=jsonpath={.items[*].metadata.name}'])).trim()
}

/** Two operators run; the one that leads is killed, and the other must take over. */
async function killLeader(env: NodeJS.ProcessEnv): Promise<void> {
  const leader = await findLeader(env)
  const startedMs = Date.now()
  await runCommand(['kubectl', '--namespace', operatorNamespace, 'delete', 'pod', leader, '--now'], { env })
  const next = await findLeader(env, leader)
  say(`killed the operator that led, ${leader}; ${next} leads after ${secondsSince(startedMs)}`)
  await runCommand(
    ['kubectl', '--namespace', operatorNamespace, 'rollout', 'status', `deployment/${operatorName}`, '--timeout=120s'],
    { env },
  )
  await kubectl(env, ['wait', `sess/${store}`, '--for=condition=Ready', '--timeout=60s'])
}
