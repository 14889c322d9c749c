/** A key that becomes due. */
export type DelayedKey = Readonly<{ key: string; atMs: number; priority: number }>

/** Keys by due time, one per key: the earlier time and the higher priority win. A binary heap with lazy deletion. */
export class DelayedKeys {
  readonly #heap: DelayedKey[] = []
  readonly #current = new Map<string, DelayedKey>()

  get size(): number {
    return this.#current.size
  }

  /** A later time never postpones an earlier one. */
  add(entry: DelayedKey): void {
    const known = this.#current.get(entry.key)
    if (known && known.atMs <= entry.atMs && known.priority >= entry.priority) return
    const merged: DelayedKey = {
      key: entry.key,
      atMs: Math.min(entry.atMs, known?.atMs ?? Number.POSITIVE_INFINITY),
      priority: Math.max(entry.priority, known?.priority ?? Number.NEGATIVE_INFINITY),
    }
    this.#current.set(entry.key, merged)
    this.#heap.push(merged)
    this.#siftUp(this.#heap.length - 1)
  }

  /** When the first key is due. */
  nextAtMs(): number | undefined {
    this.#dropStale()
    return this.#heap[0]?.atMs
  }

  /** Removes and returns every key that is due, in the order of its time. */
  takeDue(nowMs: number): DelayedKey[] {
    const due: DelayedKey[] = []
    for (;;) {
      this.#dropStale()
      const first = this.#heap[0]
      if (!first || first.atMs > nowMs) return due
      this.#current.delete(first.key)
      this.#removeFirst()
      due.push(first)
    }
  }

  clear(): void {
    this.#heap.length = 0
    this.#current.clear()
  }

  #dropStale(): void {
    let first = this.#heap[0]
    while (first && this.#current.get(first.key) !== first) {
      this.#removeFirst()
      first = this.#heap[0]
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#siftDown()
  }

  #siftUp(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#isBefore(index, parent)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #siftDown(): void {
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const child = this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#isBefore(child, index)) return
      this.#swap(index, child)
      index = child
    }
  }

  /** Beyond the end counts as never. */
  #isBefore(a: number, b: number): boolean {
    const atMs = this.#heap[a]?.atMs ?? Number.POSITIVE_INFINITY
    return atMs < (this.#heap[b]?.atMs ?? Number.POSITIVE_INFINITY)
  }

  #swap(a: number, b: number): void {
    const first = this.#heap[a]
    const second = this.#heap[b]
    if (!first || !second) return
    this.#heap[a] = second
    this.#heap[b] = first
  }
}
