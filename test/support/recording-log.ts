import type { Log } from '../../src/kube/log.ts'

export type LogLine = Readonly<{ level: 'debug' | 'info' | 'warn' | 'error'; fields: object; message: string }>

/** A log that keeps its lines. */
export function recordingLog(): Log & Readonly<{ lines: LogLine[] }> {
  const lines: LogLine[] = []
  function keep(level: LogLine['level']): (fields: object, message: string) => void {
    return (fields, message) => {
      lines.push({ level, fields, message })
    }
  }
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}
