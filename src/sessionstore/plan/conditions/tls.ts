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
      return is('False', 'CertificatePending', 'no server presents a certificate yet')
    case 'Served':
      return is('True', 'CertificateServed', 'every member that answers serves the current certificate')
    case 'NotServed':
      return is('False', 'CertificateNotServed', `${tls.members.join(', ')} still serve an older certificate`)
  }
}
