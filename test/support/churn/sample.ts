import { readdirSync, readlinkSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a process is made of at one moment, and how late its timers were since the moment before. */
export type ProcessSample = Readonly<{
  /** Live objects: after two full collections. */
  heapUsedBytes: number
  rssBytes: number
  sockets: number
  /** Timers, sockets, requests: whatever keeps the event loop alive. */
  handles: number
  /** Since the sample before. */
  loopP99Ms: number
  loopMaxMs: number
  /** Since the start. */
  wholeLoopP99Ms: number
}>

/** Timers of this period are watched; a delay is what exceeds it. */
const RESOLUTION_MS = 2

/** Takes samples of its own process, which must run with --expose-gc. */
export class Sampler {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #whole = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#delay.enable()
    this.#whole.enable()
  }

  /** The delays are read before the collections, which are long, and start anew after them. */
  take(): ProcessSample {
    const [loopP99Ms, loopMaxMs] = [delayOf(this.#delay.percentile(99)), delayOf(this.#delay.max)]
    const wholeLoopP99Ms = delayOf(this.#whole.percentile(99))
    this.#delay.disable()
    this.#whole.disable()
    const { rss: rssBytes } = process.memoryUsage()
    collect()
    collect()
    const { heapUsed: heapUsedBytes } = process.memoryUsage()
    const handles = process.getActiveResourcesInfo().length
    this.#delay.reset()
    this.#delay.enable()
    this.#whole.enable()
    return { heapUsedBytes, rssBytes, sockets: countSockets(), handles, loopP99Ms, loopMaxMs, wholeLoopP99Ms }
  }
}

function delayOf(ns: number): number {
  return Math.max(0, Math.round((ns / 1e6 - RESOLUTION_MS) * 100) / 100)
}

function collect(): void {
  const { gc } = globalThis
  if (!gc) throw new Error('Cannot tell live objects: gc is missing, run with --expose-gc')
  gc()
}

function countSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith('socket:')).length
}

/** The descriptor of the listing itself is gone by now. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}
