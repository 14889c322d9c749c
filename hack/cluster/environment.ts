import { delimiter, join } from 'node:path'
import { cacheDir } from '../paths.ts'
import type { Machine } from './machine.ts'
import { auditLogFile, engine, kubeconfigFile, programDirs } from './places.ts'

/** Variables that would send calls to the cluster through a proxy. */
const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']

/** The folders that hold docker, kind, kubectl and helm of this project. */
export function ownProgramDirs(way: Machine['way']): readonly string[] {
  return way === 'packages' ? programDirs : programDirs.slice(3)
}

/** The environment in which docker, kind, kubectl and helm talk to the local cluster. */
export function clusterEnvironment(way: Machine['way']): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of proxyVariables) delete env[name]
  const system = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin']
  return {
    ...env,
    PATH: [...ownProgramDirs(way), env['PATH'] ?? '', ...system].join(delimiter),
    KUBECONFIG: kubeconfigFile,
    SESSIONSTORE_AUDIT_LOG: auditLogFile,
    HELM_CACHE_HOME: join(cacheDir, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(cacheDir, 'helm', 'config'),
    HELM_DATA_HOME: join(cacheDir, 'helm', 'data'),
    ...(way === 'packages' ? { DOCKER_HOST: `unix://${engine.socket}` } : {}),
  }
}
