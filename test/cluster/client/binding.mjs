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

/** The entries that a connection needs; `ca` is undefined for a store without TLS, `cert` for one that asks for none. */
export function readBinding(name) {
  const dir = bindingDir(name)
  const read = (entry) => readFileSync(join(dir, entry), 'utf8').trim()
  const optional = (entry) => (existsSync(join(dir, entry)) ? readFileSync(join(dir, entry), 'utf8') : undefined)
  return {
    host: read('host'),
    port: Number(read('port')),
    username: read('username'),
    password: read('password'),
    prefix: read('key-prefix'),
    ca: optional('ca.crt'),
    cert: optional('tls.crt'),
    key: optional('tls.key'),
  }
}

/** TLS options that verify chain and name, and show the certificate of the binding; undefined without TLS. */
export function tlsOptions({ ca, cert, key, host }) {
  return ca === undefined ? undefined : { ca, cert, key, servername: host }
}
