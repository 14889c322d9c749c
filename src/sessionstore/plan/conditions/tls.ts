import { assertNever } from '../../../assertnever.ts'
import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planTls({ tls }: ConditionInputs): Of<'TLSReady'> {
  const is = (status: 'True' | 'False', reason: Of<'TLSReady'>['reason'], message: string): Of<'TLSReady'> => ({
    type: 'TLSReady',
    status,
    reason,
    message,
  })
  switch (tls.kind) {
    case 'Disabled':
      return is('False', 'Disabled', 'spec.tls.mode is Disabled: connections are plain text')
    case 'Pending':
      return is('False', 'CertificatePending', tls.message ?? 'no server presents a certificate yet')
    case 'Refused':
      return is('False', tls.reason, tls.isServed ? `${tls.message}; the last good one stays in use` : tls.message)
    case 'NotServed':
      return is('False', 'CertificateNotServed', `${tls.members.join(', ')} still serve an older certificate`)
    case 'Served':
      if (tls.expiring === undefined)
        return is('True', 'CertificateServed', 'every member that answers serves the current certificate')
      return is('True', 'CertificateExpiring', describeExpiry(tls.expiring, tls.notAfter))
    default:
      return assertNever(tls)
  }
}

function describeExpiry(secretName: string, notAfter = 'an unknown time'): string {
  return `the certificate in Secret "${secretName}" expires at ${notAfter}; renew it there`
}
