// Counts what a writer saw. Times in are those of performance.now().

/** Numbers over all connections, and one outage per connection that has one. */
export function createTally() {
  let acknowledged = 0
  let failed = 0
  let reconnects = 0
  let downtimeMs = 0
  let serviceGapMs = 0
  let lastAcknowledgedMs
  let lastCause
  const causes = {}
  const latenciesMs = []
  const outages = new Map()

  function cause(text) {
    causes[text] = (causes[text] ?? 0) + 1
  }

  return {
    cause,
    reconnected() {
      reconnects += 1
    },

    /** Gives the outage that this write ended: from the sending of its first failed write to this answer. */
    acknowledged(connection, sentMs) {
      const nowMs = performance.now()
      acknowledged += 1
      latenciesMs.push(nowMs - sentMs)
      if (lastAcknowledgedMs !== undefined) serviceGapMs = Math.max(serviceGapMs, nowMs - lastAcknowledgedMs)
      lastAcknowledgedMs = nowMs
      const outage = outages.get(connection)
      if (!outage) return undefined
      outages.delete(connection)
      const gapMs = nowMs - outage.sinceMs
      downtimeMs = Math.max(downtimeMs, gapMs)
      return { downtimeMs: Math.round(gapMs), failed: outage.failed, cause: outage.cause }
    },

    /** True for the first failed write of an outage. */
    failed(connection, sentMs, text) {
      failed += 1
      lastCause = text
      cause(text)
      const outage = outages.get(connection)
      if (outage) outage.failed += 1
      else outages.set(connection, { sinceMs: sentMs, failed: 1, cause: text })
      return !outage
    },

    numbers() {
      return { acknowledged, failed, reconnects, out: outages.size, ...(outages.size > 0 ? { cause: lastCause } : {}) }
    },

    /**
     * `downtimeMs`: the longest a connection was without a good write, from its first failed one. `serviceGapMs`: the
     * longest time in which no connection had a good write. `unrecovered`: connections whose last write failed.
     */
    summary() {
      const sorted = Float64Array.from(latenciesMs).sort()
      const at = (share) => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2))
      return {
        acknowledged,
        failed,
        reconnects,
        unrecovered: outages.size,
        downtimeMs: Math.round(downtimeMs),
        serviceGapMs: Math.round(serviceGapMs),
        latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
        causes,
      }
    },
  }
}
