const SECRET_FIELDS = [
  'password',
  'pass',
  'token',
  'secret',
  'authorization',
  'stringData',
  'data',
  'privateKey',
  'uri',
  'url',
  'args',
] as const

/** Where pino censors values: each secret field at the top and up to two objects deep. */
export const SECRET_PATHS: readonly string[] = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gs, '[redacted private key]'],
  [/(\w+:\/\/)[^/@\s"]*:[^/@\s"]*@/g, '$1[redacted]@'],
  [/\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}/g, '$1 [redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, '[redacted token]'],
]

/** The last net: takes private keys, bearer tokens and passwords of URLs out of any text. */
export function redactText(text: string): string {
  return PATTERNS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text)
}
