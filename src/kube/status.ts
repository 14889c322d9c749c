import { type ErrorCode, OperatorError } from './errors.ts'

/** The Status object of the Kubernetes API, as far as it is read. */
type Status = Readonly<{
  message?: string
  reason?: string
  code?: number
  details?: Readonly<{
    retryAfterSeconds?: number
    causes?: readonly Readonly<{ reason?: string; message?: string; field?: string }>[]
  }>
}>

/** What was asked, for the message; `isSecret` keeps the server's text out, as it may quote values. */
export type Asked = Readonly<{ act: string; target: string; isSecret?: boolean }>

/** The error of an answer that is not a success; `body` is its text or the parsed Status of a watch's ERROR event. */
export function statusError(
  asked: Asked,
  answer: Readonly<{ status: number; body: unknown; retryAfter?: string | undefined }>,
): OperatorError {
  const status = parseStatus(answer.body)
  const code = codeOf(answer.status, status)
  const retryAfterMs = retryAfterOf(answer.retryAfter, status)
  return new OperatorError(code, `Cannot ${asked.act} ${asked.target}: ${textOf(asked, answer.status, status)}`, {
    status: answer.status,
    ...(status.reason === undefined ? {} : { statusReason: status.reason }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

function parseStatus(body: unknown): Status {
  if (typeof body !== 'string') return isStatus(body) ? body : {}
  try {
    const parsed: unknown = JSON.parse(body)
    return isStatus(parsed) ? parsed : {}
  } catch {
    // A proxy answers in plain text or HTML; the HTTP status says enough.
    return {}
  }
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'Invalid',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'Invalid',
  406: 'Invalid',
  408: 'Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Invalid',
  415: 'Invalid',
  422: 'Invalid',
  429: 'TooManyRequests',
  504: 'Timeout',
}

function codeOf(httpStatus: number, status: Status): ErrorCode {
  if (status.reason === 'AlreadyExists') return 'AlreadyExists'
  // Our resourceVersion is from a future that this server does not have, as after a restored etcd.
  if (hasCause(status, 'ResourceVersionTooLarge')) return 'Gone'
  // So the UID precondition of a server-side apply fails, which is no fault of the content.
  if (status.details?.causes?.some((cause) => cause.field === 'metadata.uid')) return 'Conflict'
  return CODES[httpStatus] ?? (httpStatus >= 500 ? 'Unavailable' : 'Bug')
}

function hasCause(status: Status, reason: string): boolean {
  return status.details?.causes?.some((cause) => cause.reason === reason) ?? false
}

function textOf(asked: Asked, httpStatus: number, status: Status): string {
  const plain = `the API server answered ${httpStatus}${status.reason ? ` ${status.reason}` : ''}`
  if (!asked.isSecret) return status.message ?? plain
  const fields = status.details?.causes?.flatMap((cause) => (cause.field ? [cause.field] : [])) ?? []
  return fields.length > 0 ? `${plain} for ${fields.join(', ')}` : plain
}

function retryAfterOf(header: string | undefined, status: Status): number | undefined {
  const seconds = Number(header ?? status.details?.retryAfterSeconds)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}
