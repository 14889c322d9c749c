/** Ready keys: the highest priority first, within a priority first in, first out. Each key is in one lane at most. */
export class Lanes {
  readonly #lanes = new Map<number, Set<string>>()
  /** Highest first. A lane stays when it is empty: priorities are few. */
  #priorities: readonly number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Keys waiting, by priority. */
  depths(): ReadonlyMap<number, number> {
    return new Map([...this.#lanes].map(([priority, lane]) => [priority, lane.size]))
  }

  push(key: string, priority: number): void {
    let lane = this.#lanes.get(priority)
    if (!lane) {
      lane = new Set()
      this.#lanes.set(priority, lane)
      this.#priorities = [...this.#lanes.keys()].sort((a, b) => b - a)
    }
    lane.add(key)
    this.#size++
  }

  /** Moves a waiting key to the end of another lane; nothing happens when it is not in `from`. */
  move(key: string, lanes: Readonly<{ from: number; to: number }>): void {
    if (!this.#lanes.get(lanes.from)?.delete(key)) return
    this.#size--
    this.push(key, lanes.to)
  }

  shift(): string | undefined {
    for (const priority of this.#priorities) {
      const lane = this.#lanes.get(priority)
      for (const key of lane ?? []) {
        lane?.delete(key)
        this.#size--
        return key
      }
    }
    return undefined
  }
}
