import type { Connection } from '../../../src/redis/connection.ts'

/** A client that writes one new key after another and remembers which were acknowledged. */
export type Writer = Readonly<{
  acknowledged: readonly string[]
  errors: ReadonlyMap<string, number>
  /** Resolves once so many more writes were acknowledged. */
  more: (count: number) => Promise<void>
  /** Resolves when the last reply is in. */
  stop: () => Promise<void>
}>

/** Writes on one connection, ten at a time, until it is closed or told to stop. */
export function startWriter(connection: Connection, prefix: string): Writer {
  const acknowledged: string[] = []
  const errors = new Map<string, number>()
  const waiting: (() => void)[] = []
  let isStopped = false
  let next = 0

  async function write(): Promise<void> {
    while (!isStopped && connection.isOpen()) {
      const key = `${prefix}${next++}`
      const result = await connection.call(['SET', key, 'x', 'EX', '600'], { timeoutMs: 30_000 })
      if (result.ok) acknowledged.push(key)
      else errors.set(result.code || result.reason, (errors.get(result.code || result.reason) ?? 0) + 1)
      for (const wake of waiting.splice(0)) wake()
    }
  }
  const loops = Promise.all(Array.from({ length: 10 }, write))
  return {
    acknowledged,
    errors,
    more: async (count) => {
      const goal = acknowledged.length + count
      while (acknowledged.length < goal) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    stop: async () => {
      isStopped = true
      await loops
    },
  }
}

/** The keys that a server does not hold. */
export async function missing(connection: Connection, keys: readonly string[]): Promise<readonly string[]> {
  const absent: string[] = []
  for (let index = 0; index < keys.length; index += 500) {
    const chunk = keys.slice(index, index + 500)
    const results = await connection.callAll(chunk.map((key) => ['EXISTS', key]))
    absent.push(...chunk.filter((_, place) => !(results[place]?.ok && results[place].value === 1)))
  }
  return absent
}
