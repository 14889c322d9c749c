import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from './clock.ts'
import { OperatorError } from './errors.ts'

/** What a TLS connection to the API server is made with; PEM texts. Chain and name are always verified. */
export type TlsMaterial = Readonly<{ ca?: string; cert?: string; key?: string; servername?: string }>

/** Where the API server is and how to speak to it, at one moment. */
export type Access = Readonly<{
  /** `https://host:port`, with a path prefix when the server is behind one. */
  server: string
  tls: TlsMaterial
  /** Authorization and impersonation headers. */
  headers: Readonly<Record<string, string>>
}>

/** Credentials that change while the process lives. */
export type AccessSource = Readonly<{
  current: () => Promise<Access>
  /** Reads them anew whatever their age: the server just answered 401. */
  refresh: () => Promise<Access>
}>

/**
 * Keeps what `load` gave for `maxAgeMs` (default 60,000: the kubelet renews a token of an hour at 80 % of its life). A
 * failed re-read keeps the old value, as the files may be in the middle of a swap; the first read must succeed.
 */
export function cachedAccess(
  load: () => Promise<Access>,
  options: Readonly<{ maxAgeMs?: number; clock?: Clock }> = {},
): AccessSource {
  const { maxAgeMs = 60_000, clock = systemClock } = options
  let held: Readonly<{ access: Access; readAtMs: number }> | undefined
  let reading: Promise<Access> | undefined

  async function read(): Promise<Access> {
    try {
      held = { access: await load(), readAtMs: clock.monotonicMs() }
    } catch (error) {
      if (!held) throw error
    } finally {
      reading = undefined
    }
    return held.access
  }

  function refresh(): Promise<Access> {
    reading ??= read()
    return reading
  }

  return {
    refresh,
    current: async () => {
      if (held && clock.monotonicMs() - held.readAtMs < maxAgeMs) return held.access
      return refresh()
    },
  }
}

/** Where the kubelet mounts the ServiceAccount of a pod. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Whether the process runs in a pod with a ServiceAccount token. */
export function isInCluster(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return Boolean(env['KUBERNETES_SERVICE_HOST'] && env['KUBERNETES_SERVICE_PORT'])
}

/** The pod's own ServiceAccount; token and CA are read again as the kubelet renews them. */
export function inClusterAccess(
  options: Readonly<{ dir?: string; env?: Readonly<Record<string, string | undefined>>; clock?: Clock }> = {},
): AccessSource {
  const { dir = SERVICE_ACCOUNT_DIR, env = process.env, clock = systemClock } = options
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const port = env['KUBERNETES_SERVICE_PORT'] ?? ''
  if (!host || !port) {
    throw new OperatorError(
      'InvalidConfig',
      'Cannot find the API server: KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not set; outside a cluster name a kubeconfig',
    )
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return cachedAccess(
    async () => {
      const [token, ca] = await Promise.all([readText(join(dir, 'token')), readText(join(dir, 'ca.crt'))])
      return { server, tls: { ca }, headers: { authorization: `Bearer ${token.trim()}` } }
    },
    { clock },
  )
}

async function readText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  if (text.trim() === '') throw new OperatorError('InvalidConfig', `Cannot read "${path}": it is empty`)
  return text
}
