/** Server programs that a store can run. */
export const ENGINES = ['Valkey', 'Redis'] as const
export type Engine = (typeof ENGINES)[number]

/** The tested versions of each engine, newest first: the first is the default of a new store. */
export const VERSIONS = {
  Valkey: ['9.1'],
  Redis: ['8.0', '7.0'],
} as const satisfies Readonly<Record<Engine, readonly [string, ...string[]]>>

/** Where the image of each engine comes from; the version is the tag. */
export const IMAGE_REPOSITORIES = {
  Valkey: 'docker.io/valkey/valkey',
  Redis: 'docker.io/library/redis',
} as const satisfies Readonly<Record<Engine, string>>

/** The server's own eviction policies, verbatim. */
export const EVICTION_POLICIES = [
  'volatile-ttl',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
] as const
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number]

/** Whether sessions are on disk too: not at all, as snapshots, or as a log of every write. */
export const PERSISTENCE_MODES = ['None', 'RDB', 'AOF'] as const
export type PersistenceMode = (typeof PERSISTENCE_MODES)[number]

/** What becomes of the volumes of a deleted store. */
export const RETAIN_POLICIES = ['Retain', 'Delete'] as const
export type RetainPolicy = (typeof RETAIN_POLICIES)[number]

export const TLS_MODES = ['Required', 'Disabled'] as const
export type TLSMode = (typeof TLS_MODES)[number]

export const NETWORK_POLICY_MODES = ['None', 'Restricted'] as const
export type NetworkPolicyMode = (typeof NETWORK_POLICY_MODES)[number]
/** Whether servers ask their clients for a certificate, in the words of the CR. */
export const CLIENT_AUTHS = ['None', 'Optional', 'Require'] as const
export type ClientAuth = (typeof CLIENT_AUTHS)[number]

/** Whether a newer operator's tested version is taken. */
export const UPGRADE_POLICIES = ['Pinned', 'Latest'] as const
export type UpgradePolicy = (typeof UPGRADE_POLICIES)[number]

/** How an acknowledged write is protected. */
export const DURABILITY_MODES = ['Async', 'Bounded', 'Majority'] as const
export type DurabilityMode = (typeof DURABILITY_MODES)[number]

/** What a primary does that lost its replicas. */
export const DEGRADED_MODES = ['Relax', 'Refuse'] as const
export type DegradedMode = (typeof DEGRADED_MODES)[number]

/** Who decides that a failed primary is replaced. */
export const FAILOVER_MODES = ['Operator', 'Manual'] as const
export type FailoverMode = (typeof FAILOVER_MODES)[number]
/** Whether one namespace uses a store or several that must not meet. */
export const TENANCIES = ['Dedicated', 'Shared'] as const
export type Tenancy = (typeof TENANCIES)[number]

/** Whose bindings a store admits beside those of its own namespace. */
export const BINDING_SOURCES = ['Same', 'Selector', 'All'] as const
export type BindingSource = (typeof BINDING_SOURCES)[number]

/** What a key prefix may consist of; none of it means anything in a glob, an ACL file or a line of the protocol. */
export const KEY_PREFIX_PATTERN = '^[A-Za-z0-9_.:-]{1,64}$'

/** Prefix of the operator's own keys: no binding's prefix may begin with it or be the beginning of it. */
export const RESERVED_KEY_PREFIX = '__ss:'

/** Session frameworks whose keys and verbs we know. */
export const FRAMEWORKS = ['generic'] as const

/** Built-in defaults: descriptions and `effectiveSpec` both read them, so that they cannot differ. */
export const DEFAULTS = {
  engine: 'Valkey',
  replicas: 3,
  maxMemory: '128Mi',
  connections: 1000,
  eviction: 'volatile-ttl',
  tlsMode: 'Required',
  persistenceMode: 'None',
  retain: 'Retain',
  adoptVolumes: false,
  tenancy: 'Dedicated',
  bindingSource: 'Same',
  clientAuth: 'None',
  issuerKind: 'Issuer',
  issuerGroup: 'cert-manager.io',
  suspend: false,
  networkPolicyMode: 'None',
  /** User and group of the servers in every image, by number: no image is asked for names. */
  serverId: 999,
  cpuRequest: '50m',
  /** A replica that acknowledged within this time counts towards min-replicas-to-write. */
  maxLag: '2s',
  downAfter: '3s',
  failoverMode: 'Operator',
  upgradePolicy: 'Pinned',
  framework: 'generic',
  keyPrefix: 'sess:',
} as const

/** Bounds that the CRD states; see the rules of each kind. */
export const LIMITS = {
  nameLength: 40,
  /** Logins of one store: they must fit into the one Secret of its ACL file, which may have 1 MiB. */
  bindings: 1000,
  replicas: { minimum: 1, maximum: 9 },
  /** From so many members on a lost one leaves enough to gate writes by replicas. */
  fencedReplicas: 3,
  /** Replicas acknowledge once a second: a smaller lag would refuse writes on a healthy store. */
  maxLag: { minimum: '2s', maximum: '299s' },
  /** Members are asked once a second, and once more on a fresh connection: less would take a pause for a death. */
  downAfter: { minimum: '3s', maximum: '300s' },
  connections: { minimum: 1, maximum: 65_000 },
  sessions: { minimum: 1, maximum: 1_000_000_000 },
  averageSize: { minimum: '1', maximum: '16Mi' },
  cpu: { minimum: '10m', maximum: '128' },
  config: { entries: 64, nameLength: 64, valueLength: 256 },
  maxMemory: { minimum: '64Mi', maximum: '1Ti' },
  volumeSize: { minimum: '256Mi', maximum: '64Ti' },
} as const
