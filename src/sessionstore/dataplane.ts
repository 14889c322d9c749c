import type { Connection } from '../redis/connection.ts'
import type { MemberProbes } from './observe.ts'

/** What act needs of the held connections of one store. */
export type DataPlane = MemberProbes &
  Readonly<{
    /** The held connection to db 1 of a member; undefined while there is none. */
    connection(member: string): Connection | undefined
    /** Remembers that this run of a member was told all of `hash`. */
    notePrepared(member: string, run: Readonly<{ runId: string; hash: string }>): void
    /** A member was just pointed away from whom it followed when it was last looked at: that one was heard until now. */
    noteParting(member: string): void
    /** Cuts the clients of every replica, again and again for some seconds: the Service leads to `primary` from now on. */
    sendAwayFromAllBut(primary: string): void
    /** Replaces the held connection, which then shows the certificate that is served now. */
    reconnect(member: string): Promise<void>
    /** Probes every member now. */
    refresh(signal: AbortSignal): Promise<void>
  }>

/** How an act on the servers went. `isDone: false`: nothing unsafe was left behind; observe and plan again. */
export type ActResult = Readonly<{ isDone: true }> | Readonly<{ isDone: false; message: string }>

export const DONE: ActResult = { isDone: true }

export function notDone(message: string): ActResult {
  return { isDone: false, message }
}
