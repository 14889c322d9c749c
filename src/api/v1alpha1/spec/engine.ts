import type { Rule } from '../../schema.ts'
import { oneOf, string } from '../../schema.ts'
import { DEFAULTS, ENGINES, IMAGE_REPOSITORIES, UPGRADE_POLICIES, VERSIONS } from '../defaults.ts'
import { immutable, quoted } from './rules.ts'

const versionsOf = (engine: (typeof ENGINES)[number]) => VERSIONS[engine]

/** Schema of the fields of `spec` that say which program runs. */
export const engineFields = {
  engine: oneOf('Server program that holds the sessions.', ENGINES, { defaultText: DEFAULTS.engine, change: 'no' }),
  version: string(
    `Version of the engine: ${ENGINES.map((engine) => `${versionsOf(engine).join(' or ')} for ${engine}`).join(', ')}.`,
    {
      maxLength: 16,
      defaultText: `the newest of the engine (${ENGINES.map((engine) => versionsOf(engine)[0]).join(', ')})`,
      change: 'roll',
    },
  ),
  upgradePolicy: oneOf(
    'Pinned: a store keeps the version it was created with, whatever the operator has come to know since; the condition UpgradeAvailable tells of a newer one. Latest: it follows the newest tested version, by a roll.',
    UPGRADE_POLICIES,
    { defaultText: DEFAULTS.upgradePolicy, change: 'live' },
  ),
  image: string(
    'Container image of the server, with a tag or a digest, in place of the tested one of the version. Without it again the newest tested version is rolled out.',
    {
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
    },
  ),
} as const

/** Rules of `spec` about these fields. */
export const engineRules: readonly Rule[] = [
  immutable(['engine'], 'create another SessionStore'),
  {
    name: 'version-of-engine',
    rule: `!has(self.version) || self.version in (has(self.engine) && self.engine == 'Redis' ? ${quoted(VERSIONS.Redis)} : ${quoted(VERSIONS.Valkey)})`,
    message: `version must be ${ENGINES.map((engine) => `${versionsOf(engine).join(' or ')} with engine ${engine}`).join(', ')}`,
    fieldPath: '.version',
  },
  {
    name: 'upgradePolicy-free',
    rule: "!(has(self.upgradePolicy) && self.upgradePolicy == 'Latest' && (has(self.version) || has(self.image)))",
    message:
      'upgradePolicy Latest follows the newest tested version: remove version and image, or set upgradePolicy to Pinned',
    fieldPath: '.upgradePolicy',
  },
]
