import { labelSelector } from '../../labelselector.ts'
import { list, object, oneOf, required, string } from '../../schema.ts'
import { DEFAULTS, NETWORK_POLICY_MODES } from '../defaults.ts'

const cidr = { minLength: 1, maxLength: 43 } as const

const peer = object('Who may connect: an ipBlock, or pods by their labels and those of their namespace.', {
  podSelector: labelSelector('Pods; of the namespace of the store when there is no namespaceSelector.'),
  namespaceSelector: labelSelector('Namespaces; an empty selector is all of them.'),
  ipBlock: object('A range of addresses.', {
    cidr: required(string('Range, such as 10.0.0.0/8.', cidr)),
    except: list('Ranges within cidr that may not.', string('Range.', cidr), { maxItems: 16 }),
  }),
})

/** Schema of `spec.networkPolicy`. */
export const networkPolicy = object('Who may open connections to the servers.', {
  mode: oneOf(
    'None makes no NetworkPolicy. Restricted makes one for port 6379: members, the operator, the namespaces of bindings and allowFrom may connect, nobody else. It needs a network plug-in that enforces NetworkPolicies. An upgrade of the operator never switches it on.',
    NETWORK_POLICY_MODES,
    { defaultText: DEFAULTS.networkPolicyMode, change: 'live' },
  ),
  allowFrom: list('Who else may connect. Where it is given, pods of the namespace of the store need it, too.', peer, {
    maxItems: 32,
    defaultText: 'every pod of the namespace of the store',
    change: 'live',
    rules: [
      {
        name: 'allowFrom-peer',
        rule: 'self.all(peer, has(peer.ipBlock) != (has(peer.podSelector) || has(peer.namespaceSelector)))',
        message: 'each entry of allowFrom must have either ipBlock, or podSelector, namespaceSelector or both',
      },
      {
        name: 'allowFrom-range',
        rule: 'self.all(peer, !has(peer.ipBlock) || (isCIDR(peer.ipBlock.cidr) && (!has(peer.ipBlock.except) || peer.ipBlock.except.all(each, isCIDR(each) && cidr(peer.ipBlock.cidr).containsCIDR(each) && each != peer.ipBlock.cidr))))',
        message: 'cidr must be a range such as 10.0.0.0/8, and each of except a smaller range within it',
      },
    ],
  }),
})
