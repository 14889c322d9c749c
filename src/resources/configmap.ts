import type { ConfigMap, DesiredObject } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { childMetadata } from './metadata.ts'
import { configMapName } from './names.ts'
import { KEYS } from './paths.ts'

/** The servers' configuration file. Passwords are not in it: the operator sets them live. */
export function buildConfigMap(store: StoreIdentity, serverConfig: string): DesiredObject {
  const object: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(store, configMapName(store)),
    data: { [KEYS.config]: serverConfig },
  }
  return object
}
