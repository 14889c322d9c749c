import { request } from 'undici'
import { round } from './percentiles.ts'

/** Samples of a /metrics page by their full name with labels. */
export type Page = ReadonlyMap<string, number>

export function parsePage(text: string): Page {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))] as const
    }),
  )
}

export async function scrape(url: string): Promise<Page> {
  return parsePage(await (await request(url)).body.text())
}

/** What one phase cost an operator. */
export type Cost = Readonly<{
  reconciles: number
  reconcileP50Ms: number
  reconcileP99Ms: number
  reads: number
  writes: number
  cpuSeconds: number
  rssMiB: number
  heapMiB: number
  /** Pages that V8 holds, used or not. */
  heapTotalMiB: number
  /** Buffers and what native objects told V8 of. */
  externalMiB: number
}>

/** The difference of two pages; gauges are those of the later one. */
export function costOf(before: Page, after: Page): Cost {
  const delta = (pattern: RegExp): number =>
    [...after].reduce((sum, [name, value]) => (pattern.test(name) ? sum + value - (before.get(name) ?? 0) : sum), 0)
  const mebibytes = (name: string): number => Math.round((after.get(name) ?? Number.NaN) / 1024 ** 2)
  const quantile = (share: number): number => quantileMs(before, after, share)
  return {
    reconciles: delta(/^controller_runtime_reconcile_total\{.*controller="sessionstore"/),
    reconcileP50Ms: quantile(0.5),
    reconcileP99Ms: quantile(0.99),
    reads: delta(/^rest_client_requests_total\{.*method="GET"/),
    writes: delta(/^rest_client_requests_total\{.*method="(POST|PATCH|PUT|DELETE)"/),
    cpuSeconds: round(delta(/^process_cpu_seconds_total$/), 1),
    rssMiB: mebibytes('process_resident_memory_bytes'),
    heapMiB: mebibytes('nodejs_heap_size_used_bytes'),
    heapTotalMiB: mebibytes('nodejs_heap_size_total_bytes'),
    externalMiB: mebibytes('nodejs_external_memory_bytes'),
  }
}

/** By the buckets of the histogram, linear inside of one; NaN of nothing. */
function quantileMs(before: Page, after: Page, share: number): number {
  const bucket =
    /^controller_runtime_reconcile_time_seconds_bucket\{.*le="([^"]+)".*controller="sessionstore"|^controller_runtime_reconcile_time_seconds_bucket\{.*controller="sessionstore".*le="([^"]+)"/
  const buckets = [...after].flatMap(([name, value]) => {
    const [, one, other] = bucket.exec(name) ?? []
    const limit = one ?? other
    if (limit === undefined) return []
    return [
      { limit: limit === '+Inf' ? Number.POSITIVE_INFINITY : Number(limit), count: value - (before.get(name) ?? 0) },
    ]
  })
  buckets.sort((a, b) => a.limit - b.limit)
  const wanted = share * (buckets.at(-1)?.count ?? 0)
  const at = buckets.findIndex(({ count }) => count >= wanted && count > 0)
  const [found, below] = [buckets[at], buckets[at - 1] ?? { limit: 0, count: 0 }]
  if (!found) return Number.NaN
  if (found.limit === Number.POSITIVE_INFINITY) return below.limit * 1000
  const part = (wanted - below.count) / Math.max(1, found.count - below.count)
  return round((below.limit + part * (found.limit - below.limit)) * 1000, 1)
}
