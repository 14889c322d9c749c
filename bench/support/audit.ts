import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const POLICY = join(tmpdir(), `sessionstore-bench-audit-${process.pid}.json`)
const LOG = join(tmpdir(), `sessionstore-bench-audit-${process.pid}.log`)

/** Arguments of a kube-apiserver that writes down every request as it comes. */
export const AUDIT_ARGUMENTS = [
  `--audit-policy-file=${POLICY}`,
  `--audit-log-path=${LOG}`,
  '--audit-log-mode=blocking',
] as const

export async function writeAuditPolicy(): Promise<void> {
  const omitStages = ['ResponseStarted', 'ResponseComplete']
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules: [{ level: 'Metadata' }] }
  await writeFile(POLICY, JSON.stringify(policy))
}

type Entry = Readonly<{ userAgent?: string; requestURI?: string }>

/** Counts requests from now on, at the API server. */
export async function auditLog() {
  const before = (await readFile(LOG, 'utf8')).length
  return {
    async since(userAgent: RegExp): Promise<number> {
      // The last request may be on its way to the file.
      await delay(200)
      const lines = (await readFile(LOG, 'utf8')).slice(before).split('\n').filter(Boolean)
      return lines.map((line) => JSON.parse(line) as Entry).filter((entry) => userAgent.test(entry.userAgent ?? ''))
        .length
    },
  }
}
