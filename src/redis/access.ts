import type { TrustedPeer } from './connection.ts'

/** How the members of a store are reached and logged in to. */
export type MonitorAccess = Readonly<{
  port: number
  /** The store's CA and the operator's certificate; absent: plain TCP. */
  tls?: TrustedPeer
  username: string
  /** The current password, then the previous one. */
  passwords: readonly string[]
}>

/** What has to be proved anew when it changes, as one comparable text. */
export function loginOf({ username, passwords, tls }: MonitorAccess): string {
  return JSON.stringify([username, passwords, tls?.ca, tls?.client?.certificatePem])
}
