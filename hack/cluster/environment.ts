import { delimiter } from 'node:path'
import type { Machine } from './machine.ts'
import { auditLogFile, engine, kubeconfigFile, programDirs } from './places.ts'

/** Variables that would send calls to the cluster through a proxy. */
const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']

/** The environment in which docker, kind, kubectl and helm talk to the local cluster. */
export function clusterEnvironment(way: Machine['way']): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of proxyVariables) delete env[name]
  const system = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin']
  const own = way === 'packages' ? programDirs : programDirs.slice(3)
  return {
    ...env,
    PATH: [...own, env['PATH'] ?? '', ...system].join(delimiter),
    KUBECONFIG: kubeconfigFile,
    SESSIONSTORE_AUDIT_LOG: auditLogFile,
    ...(way === 'packages' ? { DOCKER_HOST: `unix://${engine.socket}` } : {}),
  }
}
