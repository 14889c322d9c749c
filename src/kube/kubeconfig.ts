import { readFile } from 'node:fs/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import { type Access, type AccessSource, cachedAccess, type TlsMaterial } from './auth.ts'
import { OperatorError } from './errors.ts'

/**
 * Access by a kubeconfig file: certificates, tokens, token files, exec plugins. The common client parses it and runs the
 * plugins; it is imported only here and only now, as the import alone costs 80 MB.
 */
export async function kubeconfigAccess(
  options: Readonly<{ path?: string | undefined; context?: string | undefined }>,
): Promise<AccessSource> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  if (options.path) config.loadFromFile(options.path)
  else config.loadFromDefault()
  if (options.context) config.setCurrentContext(options.context)
  const source = cachedAccess(() => load(config))
  await source.current()
  return source
}

async function load(config: KubeConfig): Promise<Access> {
  const context = config.getCurrentContext()
  const cluster = config.getCurrentCluster()
  if (!cluster) {
    throw invalid(context, 'its cluster is missing, must be one of the clusters of the file')
  }
  if (cluster.skipTLSVerify) {
    throw invalid(context, 'insecure-skip-tls-verify is true, must be absent: give certificate-authority instead')
  }
  if (cluster.proxyUrl) throw invalid(context, 'proxy-url is set, must be absent: proxies are not supported')
  const { protocol } = new URL(cluster.server)
  if (protocol !== 'https:') throw invalid(context, `server has the scheme ${protocol}, must be https:`)

  const request: Readonly<{ headers: Record<string, string> }> & TlsFields = { headers: {} }
  await config.applyToHTTPSOptions(request)
  const user = config.getCurrentUser()
  const basic =
    user?.username === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}` }
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
  return {
    server: cluster.server.replace(/\/+$/, ''),
    tls: await tlsOf(request, cluster.caFile),
    headers: { ...basic, ...headers },
  }
}

type Pem = string | Buffer | undefined
type TlsFields = { ca?: Pem; cert?: Pem; key?: Pem; servername?: string; agent?: unknown }

async function tlsOf(request: TlsFields, caFile: string | undefined): Promise<TlsMaterial> {
  const ca = request.ca ?? (caFile ? await readFile(caFile) : undefined)
  return {
    ...(ca ? { ca: ca.toString() } : {}),
    ...(request.cert ? { cert: request.cert.toString() } : {}),
    ...(request.key ? { key: request.key.toString() } : {}),
    ...(request.servername ? { servername: request.servername } : {}),
  }
}

function invalid(context: string, what: string): OperatorError {
  return new OperatorError('InvalidConfig', `Cannot use context "${context}" of the kubeconfig: ${what}`)
}
