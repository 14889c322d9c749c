import { type DestinationStream, type Logger, pino } from 'pino'
import { redactText, SECRET_PATHS } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type LogOptions = Readonly<{
  /** Default `info`. */
  level?: LogLevel
  /** Fields of every line, as `{ pod }`. */
  base?: Readonly<Record<string, unknown>>
  /** Default: standard output. */
  destination?: DestinationStream
}>

/** One JSON object per line. Known secret fields are censored, and every line is searched for keys and passwords in text. */
export function createLog(options: LogOptions = {}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: options.base ?? null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError, error: describeError },
    redact: { paths: [...SECRET_PATHS], censor: '[redacted]' },
    hooks: { streamWrite: redactText },
  }
  return options.destination ? pino(settings, options.destination) : pino(settings)
}

/** What a log line keeps of an error: never its other properties, as client errors carry the command that failed. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' ? '[not an error]' : error
  const { name, message, stack } = error
  const facts = Object.fromEntries(
    (['code', 'retry', 'status', 'statusReason', 'retryAfterMs'] as const)
      .map((field) => [field, field in error ? Reflect.get(error, field) : undefined] as const)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number'),
  )
  const hasStack = facts['retry'] === undefined || facts['retry'] === 'Bug'
  return {
    name,
    message,
    ...facts,
    ...(hasStack && depth === 0 && { stack }),
    ...(error.cause !== undefined && depth < 4 && { cause: describeError(error.cause, depth + 1) }),
  }
}
