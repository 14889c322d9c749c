/** What a worker does with a failed pass. */
export type RetryKind = 'Conflict' | 'Transient' | 'Terminal' | 'Bug'

/**
 * Every error code of the operator and how it is retried. Conflict: requeued quietly. Transient: backoff. Terminal: a
 * condition, no retry until the generation changes. Bug: logged with its stack, backoff. docs/errors.md has one row each.
 */
export const ERRORS = {
  NotFound: { retry: 'Transient' },
  AlreadyExists: { retry: 'Conflict' },
  Conflict: { retry: 'Conflict' },
  Gone: { retry: 'Transient' },
  // Not Terminal: a grant, a quota or a namespace's end changes without the generation moving.
  Forbidden: { retry: 'Transient' },
  Unauthorized: { retry: 'Transient' },
  Invalid: { retry: 'Terminal' },
  TooManyRequests: { retry: 'Transient' },
  Unavailable: { retry: 'Transient' },
  Timeout: { retry: 'Transient' },
  ConnectionLost: { retry: 'Transient' },
  Aborted: { retry: 'Conflict' },
  // Not Terminal: deleting the foreign object is seen by no watch of ours.
  NameConflict: { retry: 'Transient' },
  // Not Terminal: whoever deletes them, or marks a StorageClass, changes nothing of the store.
  ForeignVolume: { retry: 'Transient' },
  NoDefaultStorageClass: { retry: 'Transient' },
  InvalidConfig: { retry: 'Terminal' },
  MemberUnreachable: { retry: 'Transient' },
  MemberRefused: { retry: 'Transient' },
  Bug: { retry: 'Bug' },
} as const satisfies Record<string, Readonly<{ retry: RetryKind }>>

export type ErrorCode = keyof typeof ERRORS

type Details = Readonly<{
  /** HTTP status, when an answer came. */
  status?: number
  /** How long the server asked to wait. */
  retryAfterMs?: number
  /** `reason` of the Kubernetes Status object, more precise than the HTTP status. */
  statusReason?: string
  cause?: unknown
}>

/** The one error class: callers branch on `code`, the queue on `retry`, metrics are labelled with both. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly code: ErrorCode
  readonly retry: RetryKind
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  readonly statusReason: string | undefined

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, { cause: details.cause })
    this.code = code
    this.retry = ERRORS[code].retry
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
    this.statusReason = details.statusReason
  }
}

/** The one converter of caught values; an OperatorError passes unchanged. */
export function toOperatorError(caught: unknown): OperatorError {
  if (caught instanceof OperatorError) return caught
  if (!(caught instanceof Error)) return new OperatorError('Bug', `Cannot go on: thrown ${String(caught)}`)
  const code = codeOfSystemError(caught)
  return new OperatorError(code, caught.message, { cause: caught })
}

/** Whether `caught` is an OperatorError with one of these codes. */
export function hasCode(caught: unknown, ...codes: readonly ErrorCode[]): caught is OperatorError {
  return caught instanceof OperatorError && codes.includes(caught.code)
}

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNABORTED',
  'EADDRNOTAVAIL',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

function codeOfSystemError(error: Error): ErrorCode {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error.name === 'TimeoutError' || TIMEOUT_CODES.has(code)) return 'Timeout'
  if (error.name === 'AbortError' || code === 'UND_ERR_ABORTED') return 'Aborted'
  // An unverified certificate is the state of a cluster, not of our code: it is retried and named.
  if (CONNECTION_CODES.has(code) || isCertificateCode(code) || code.startsWith('HPE_')) return 'ConnectionLost'
  // undici reports a body that ended early as a plain TypeError with the socket error as its cause.
  if (error.cause instanceof Error) return codeOfSystemError(error.cause)
  return 'Bug'
}

function isCertificateCode(code: string): boolean {
  return (
    code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') || code.startsWith('CERT_') || VERIFY_CODES.has(code)
  )
}

const VERIFY_CODES: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
])
