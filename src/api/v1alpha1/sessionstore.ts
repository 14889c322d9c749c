import type { KubeObject, Resource } from '../../kube/types.ts'
import type { KindSchema } from '../kind.ts'
import type { Infer, Rule } from '../schema.ts'
import { boolean, integer, object, oneOf, quantity, string } from '../schema.ts'
import { nameRule } from './common.ts'
import { DEFAULTS, ENGINES, EVICTION_POLICIES, IMAGE_REPOSITORIES, LIMITS, TLS_MODES, VERSIONS } from './defaults.ts'
import { API_VERSION } from './group.ts'
import { type SessionStoreStatus, sessionStoreStatus } from './sessionstorestatus.ts'

const { averageSize, connections, maxMemory, replicas, sessions } = LIMITS

function quoted(words: readonly string[]): string {
  return `[${words.map((word) => `'${word}'`).join(', ')}]`
}

/** `has()` for each step of a path, so that an absent parent reads as an empty text. */
function optional(self: string, path: readonly string[]): string {
  const has = path.map((_, depth) => `has(${[self, ...path.slice(0, depth + 1)].join('.')})`).join(' && ')
  return `(${has} ? ${[self, ...path].join('.')} : '')`
}

/** On the parent, as a rule on an optional field is not called when the field is added or removed. */
function immutable(path: readonly string[], hint: string): Rule {
  const field = path.join('.')
  return {
    name: `${path.join('-')}-immutable`,
    rule: `${optional('self', path)} == ${optional('oldSelf', path)}`,
    message: `${field} is immutable: it can be neither changed nor added nor removed; ${hint}`,
    fieldPath: `.${field}`,
  }
}

function quantityRange(name: string, range: Readonly<{ minimum: string; maximum: string }>): Rule {
  const compare = (limit: string) => `quantity(string(self)).compareTo(quantity('${limit}'))`
  return {
    name: `${name}-range`,
    rule: `isQuantity(string(self)) && ${compare(range.minimum)} >= 0 && ${compare(range.maximum)} <= 0`,
    message: `${name} must be a quantity from ${range.minimum} to ${range.maximum}`,
  }
}

const capacity = object(
  'How much the store must hold. Give either sessions and averageSize, from which the memory is computed, or maxMemory; connections goes with both.',
  {
    sessions: integer('Number of sessions that must fit at once. Needs averageSize.', {
      ...sessions,
      change: 'live; a smaller value only while the data still fits',
    }),
    averageSize: quantity('Average size of the value of one session, without its key, such as 1Ki. Needs sessions.', {
      change: 'live; a smaller value only while the data still fits',
      rules: [quantityRange('averageSize', averageSize)],
    }),
    maxMemory: quantity(
      'Memory for data, the maxmemory of the server, such as 512Mi. The container limit is computed from it and is always larger.',
      {
        defaultText: `${DEFAULTS.maxMemory}, unless sessions and averageSize are given`,
        change: 'live; a smaller value only while the data still fits',
        rules: [quantityRange('maxMemory', maxMemory)],
      },
    ),
    connections: integer('Number of client connections that must be served at once.', {
      ...connections,
      defaultText: `${DEFAULTS.connections}`,
      change: 'live',
    }),
  },
  {
    defaultText: `maxMemory ${DEFAULTS.maxMemory}, connections ${DEFAULTS.connections}`,
    change: 'live',
    rules: [
      {
        name: 'capacity-sessions-pair',
        rule: 'has(self.sessions) == has(self.averageSize)',
        message: 'sessions and averageSize must be given together',
      },
      {
        name: 'capacity-union',
        rule: '!(has(self.maxMemory) && (has(self.sessions) || has(self.averageSize)))',
        message: 'maxMemory must not be given beside sessions and averageSize: choose one of the two ways',
      },
      {
        name: 'capacity-product',
        // Approximate, as the exact product of the quantity library fails on fractions instead of answering.
        rule: `!has(self.sessions) || !has(self.averageSize) || !isQuantity(string(self.averageSize)) || double(self.sessions) * quantity(string(self.averageSize)).asApproximateFloat() <= quantity('${maxMemory.maximum}').asApproximateFloat()`,
        message: `sessions times averageSize must be at most ${maxMemory.maximum}`,
      },
    ],
  },
)

const versionsOf = (engine: (typeof ENGINES)[number]) => VERSIONS[engine]

/** Schema of `spec` of a SessionStore. */
export const sessionStoreSpec = object(
  'What the store should be. An empty spec is a valid, production-safe store.',
  {
    engine: oneOf('Server program that holds the sessions.', ENGINES, { defaultText: DEFAULTS.engine, change: 'no' }),
    version: string(
      `Version of the engine: ${ENGINES.map((engine) => `${versionsOf(engine).join(' or ')} for ${engine}`).join(', ')}.`,
      {
        maxLength: 16,
        defaultText: `the newest of the engine (${ENGINES.map((engine) => versionsOf(engine)[0]).join(', ')})`,
        change: 'roll',
      },
    ),
    image: string('Container image of the server, with a tag or a digest, in place of the tested one of the version.', {
      maxLength: 512,
      defaultText: ENGINES.map((engine) => `${IMAGE_REPOSITORIES[engine]} for ${engine}`)
        .join(', ')
        .concat(', tagged with the version'),
      change: 'roll',
      rules: [
        {
          name: 'image-reference',
          rule: "self.matches('^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?(@sha256:[a-f0-9]{64})?$') && self.matches('(:[^/]+|@sha256:[a-f0-9]{64})$')",
          message: `image must be a reference with a tag or a digest, such as ${IMAGE_REPOSITORIES.Valkey}:${VERSIONS.Valkey[0]}`,
        },
      ],
    }),
    replicas: integer(
      'Number of pods; one of them is the primary. With 1 there is no failover; from 3 on, a write needs a replica that keeps up.',
      { ...replicas, default: DEFAULTS.replicas, change: 'live' },
    ),
    capacity,
    eviction: oneOf(
      'What the server removes when its memory is full. With noeviction nobody is logged out silently, but new sessions are refused.',
      EVICTION_POLICIES,
      { defaultText: DEFAULTS.eviction, change: 'live' },
    ),
    tls: object('Encryption of every connection, by a certificate authority of the store itself.', {
      mode: oneOf('Required accepts TLS only, Disabled plain text only; both on port 6379.', TLS_MODES, {
        defaultText: DEFAULTS.tlsMode,
        change: 'no',
      }),
    }),
    suspend: boolean('Stops applying changes of this spec. Failover and the renewal of certificates go on.', {
      defaultText: `${DEFAULTS.suspend}`,
      change: 'live',
    }),
  },
  {
    rules: [
      immutable(['engine'], 'create another SessionStore'),
      immutable(['tls', 'mode'], 'create another SessionStore'),
      {
        name: 'version-of-engine',
        rule: `!has(self.version) || self.version in (has(self.engine) && self.engine == 'Redis' ? ${quoted(VERSIONS.Redis)} : ${quoted(VERSIONS.Valkey)})`,
        message: `version must be ${ENGINES.map((engine) => `${versionsOf(engine).join(' or ')} with engine ${engine}`).join(', ')}`,
        fieldPath: '.version',
      },
    ],
  },
)

export type SessionStoreSpec = Infer<typeof sessionStoreSpec>
export type SessionStore = KubeObject & Readonly<{ spec: SessionStoreSpec; status?: SessionStoreStatus }>

/** The kind as the API paths know it. */
export const SESSION_STORES: Resource<SessionStore> = {
  apiVersion: API_VERSION,
  kind: 'SessionStore',
  plural: 'sessionstores',
  namespaced: true,
}

/** The kind as its CustomResourceDefinition describes it. */
export const sessionStoreKind: KindSchema = {
  kind: SESSION_STORES.kind,
  plural: SESSION_STORES.plural,
  singular: 'sessionstore',
  shortNames: ['sess'],
  labels: { 'servicebinding.io/provisioned-service': 'true' },
  description:
    'A SessionStore is a replicated Redis or Valkey that holds the sessions of the applications of a namespace.',
  rules: [nameRule],
  spec: sessionStoreSpec,
  status: sessionStoreStatus,
  hasScale: true,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Primary', type: 'string', jsonPath: '.status.primary' },
    { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas' },
    { name: 'Memory', type: 'string', jsonPath: '.status.effective.maxMemory' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}
