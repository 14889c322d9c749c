import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Access } from '../../src/kube/auth.ts'
import { until } from '../../test/support/until.ts'

export type SideKind = 'ours' | 'client-node' | 'client-node, restarted'

/** A line of a side. */
export type SideStep = Readonly<{
  step: string
  tookMs: number
  cpuMs: number
  rssKiB: number
  size?: number
  name?: string
}>

export type SideOptions = Readonly<{
  kind: SideKind
  task: string
  namespace: string
  count: number
  kubeconfig: string
  access: Access
}>

export type SideProcess = ReturnType<typeof startSide>

/** Starts one side in a process of its own. */
export function startSide({ kind, task, namespace, count, kubeconfig, access }: SideOptions) {
  const file = new URL('./side.ts', import.meta.url).pathname
  const env = { ...process.env, KUBECONFIG: kubeconfig, BENCH_ACCESS: JSON.stringify(access) }
  const child = spawn(process.execPath, [file, kind, task, namespace, String(count)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const steps: SideStep[] = []
  createInterface({ input: child.stdout }).on('line', (line) => steps.push(JSON.parse(line) as SideStep))
  const exit = once(child, 'exit')
  const find = (name: string): SideStep | undefined => steps.find(({ step }) => step === name)
  const step = (name: string, deadlineMs: number): Promise<SideStep> =>
    until(() => find(name), { what: `${kind}: ${name}`, deadlineMs, everyMs: 10 })
  return {
    userAgents: kind === 'ours' ? /^sessionstore-operator/ : /^(?!sessionstore-operator|kube-apiserver)/,
    step,
    hasSeen: (name: string, deadlineMs: number): Promise<boolean> => {
      const isSeen = (): boolean => steps.some((each) => each.step === 'seen' && each.name === name)
      return until(isSeen, { what: name, deadlineMs, everyMs: 5 }).catch(() => false)
    },
    async end(): Promise<SideStep> {
      child.kill('SIGTERM')
      await exit
      return step('end', 5_000)
    },
    kill: () => child.kill('SIGKILL'),
  }
}
