import type { NotTaken } from '../redis/trysetting.ts'
import type { ConfigTrial } from './plan/config.ts'

type Told = Readonly<{ runId: string; settings: Readonly<Record<string, string>>; refused: readonly NotTaken[] }>

/** What this process asked servers about parameters; another one asks anew, which changes nothing. */
export class ConfigMemory {
  readonly trials = new Map<string, ConfigTrial>()
  readonly learned = new Map<string, string | null>()
  readonly #told = new Map<string, Told>()

  noteTold(member: string, told: Told): void {
    this.#told.set(member, told)
  }

  /** What this very run of a member was told last. */
  toldTo(member: string, runId: string): Told | undefined {
    const told = this.#told.get(member)
    return told?.runId === runId ? told : undefined
  }
}
