import { clip } from '../../clip.ts'
import type { Obstacle } from './obstacles.ts'

const MAX_REASON_LENGTH = 400

/** What was to be made, as messages name it: `pod "s-0"`. */
type Refusal = Readonly<{ what: string; message: string }>

type RefusalRule = (refusal: Refusal) => Obstacle | undefined

/** The API server's words for what a namespace does not allow; the first rule that knows them. */
const RULES: readonly RefusalRule[] = [quotaExceeded, quotaDemands, limitRange, priorityClass, podSecurity, webhook]

/** Why the namespace refuses to have something made; undefined: not for a rule that a person can change. */
export function readRefusal(refusal: Refusal): Obstacle | undefined {
  for (const rule of RULES) {
    const obstacle = rule(refusal)
    if (obstacle) return obstacle
  }
  return undefined
}

/** What is used is left out: it changes with everything in the namespace. */
function quotaExceeded({ what, message }: Refusal): Obstacle | undefined {
  const [, quota, requested = ''] = /exceeded quota: ([^,]+), requested: (.*?), used: /.exec(message) ?? []
  return quota === undefined
    ? undefined
    : {
        reason: 'QuotaExceeded',
        message: `ResourceQuota "${quota}" has no room for ${what} (${requested}); raise the quota, free what others use, or lower ${['spec.replicas', ...fieldsOf(requested)].join(' or ')}`,
      }
}

function quotaDemands({ what, message }: Refusal): Obstacle | undefined {
  const [, quota, demanded = ''] = /failed quota: ([^:]+): must specify (.*)$/.exec(message) ?? []
  const set = demanded.includes('limits.cpu') ? 'set spec.podTemplate.spec.cpu.limit, ' : ''
  return quota === undefined
    ? undefined
    : {
        reason: 'QuotaExceeded',
        message: `ResourceQuota "${quota}" refuses ${what}, as it demands ${demanded}; ${set}add a LimitRange that gives a default, or take that out of the quota`,
      }
}

function limitRange({ what, message }: Refusal): Obstacle | undefined {
  const [found] =
    /(?:(?:minimum|maximum) \w+ usage|\w+ max limit to request ratio) per \w+ is [^\]]*/.exec(message) ?? []
  return found === undefined
    ? undefined
    : {
        reason: 'LimitRangeViolated',
        message: `a LimitRange refuses ${what}: ${clip(found, MAX_REASON_LENGTH)}; change ${['the LimitRange', ...fieldsOf(found)].join(' or ')}`,
      }
}

function priorityClass({ what, message }: Refusal): Obstacle | undefined {
  const [, name] = /no PriorityClass with name (\S+) was found/.exec(message) ?? []
  return name === undefined
    ? undefined
    : {
        reason: 'AdmissionRefused',
        message: `${what} cannot be made: PriorityClass "${name}" does not exist; create it, or name another in spec.podTemplate.spec.priorityClassName`,
      }
}

function podSecurity({ what, message }: Refusal): Obstacle | undefined {
  const [, level, violation = ''] = /violates PodSecurity "([^"]+)": (.*)$/.exec(message) ?? []
  return level === undefined
    ? undefined
    : {
        reason: 'AdmissionRefused',
        message: `the Pod Security level "${level}" of the namespace refuses ${what}: ${clip(violation, MAX_REASON_LENGTH)}; the operator asks for nothing beyond "restricted", so change the webhook that adds this to pods, or the label pod-security.kubernetes.io/enforce of the namespace`,
      }
}

function webhook({ what, message }: Refusal): Obstacle | undefined {
  const [, name, reason = ''] =
    /(?:admission webhook|ValidatingAdmissionPolicy) ["']([^"']+)["'](.*)$/.exec(message) ?? []
  const cause = reason.replace(/^\s*(?:denied the request:|with binding \S+ denied request:)?\s*/, '')
  return name === undefined
    ? undefined
    : {
        reason: 'AdmissionRefused',
        message: `admission by "${name}" refuses ${what}: ${clip(cause, MAX_REASON_LENGTH)}; change that rule or the spec`,
      }
}

/** Fields that decide how much is asked for of the resources in a message. */
function fieldsOf(message: string): readonly string[] {
  const fields = [
    { pattern: /\bmemory\b/, field: 'spec.capacity' },
    { pattern: /\bcpu\b/, field: 'spec.podTemplate.spec.cpu' },
    { pattern: /(?<!ephemeral-)\bstorage(?:=| usage)/, field: 'spec.persistence.size' },
  ]
  return fields.filter(({ pattern }) => pattern.test(message)).map(({ field }) => field)
}
