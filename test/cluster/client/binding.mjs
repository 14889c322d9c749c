// Reads a service binding as the specification says: one file per entry below $SERVICE_BINDING_ROOT/<name>/.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the named binding, or of the only one. */
export function bindingDir(name) {
  const root = process.env.SERVICE_BINDING_ROOT
  if (!root) throw new Error('Cannot read the binding: SERVICE_BINDING_ROOT is unset, must be a folder')
  const names = name ? [name] : readdirSync(root)
  if (names.length !== 1) throw new Error(`Cannot read the binding: ${root} holds ${names.length}, must be named`)
  return join(root, names[0])
}

/** The entries that a connection needs; `ca` is undefined for a store without TLS. */
export function readBinding(name) {
  const dir = bindingDir(name)
  const read = (entry) => readFileSync(join(dir, entry), 'utf8').trim()
  return {
    host: read('host'),
    port: Number(read('port')),
    username: read('username'),
    password: read('password'),
    prefix: read('key-prefix'),
    ca: existsSync(join(dir, 'ca.crt')) ? readFileSync(join(dir, 'ca.crt'), 'utf8') : undefined,
  }
}

/** TLS options that verify chain and name; undefined without TLS. */
export function tlsOptions({ ca, host }) {
  return ca === undefined ? undefined : { ca, servername: host }
}
