import { fullDescription } from '../../src/api/crd.ts'
import type { KindSchema } from '../../src/api/kind.ts'
import type { AnySchema, Node } from '../../src/api/schema.ts'
import {
  CONDITIONS,
  type ConditionType,
  SESSION_BINDING_CONDITIONS,
  SESSION_STORE_CONDITIONS,
} from '../../src/api/v1alpha1/conditions.ts'
import { API_VERSION } from '../../src/api/v1alpha1/group.ts'
import { KINDS } from '../../src/api/v1alpha1/kinds.ts'
import { fieldsOf, rulesOf } from '../../src/api/walk.ts'

const CONDITIONS_OF: Readonly<Record<string, readonly ConditionType[]>> = {
  SessionStore: SESSION_STORE_CONDITIONS,
  SessionBinding: SESSION_BINDING_CONDITIONS,
}

/** docs/api.md: every field, rule, condition and reason of every kind. */
export function apiReference(): string {
  return [
    '<!-- Generated from src/api/v1alpha1 by "npm run generate": do not edit. -->',
    `# API reference: \`${API_VERSION}\``,
    'Change: *no* = refused by the API server; *live* = applied without a restart; *roll* = applied by replacing the pods one at a time.',
    'Quantities are those of Kubernetes (`512Ki`, `128Mi`, `1Gi`, or a number of bytes). Durations are up to four parts of `h`, `m`, `s`, `ms` (`720h`, `1h30m`, `250ms`).',
    ...KINDS.flatMap(kindSection),
    '## Conditions and reasons',
    'Each condition is present from the first write of the status on. Reasons are stable: programs may rely on them.',
    ...(Object.keys(CONDITIONS) as ConditionType[]).flatMap(conditionSection),
    '',
  ].join('\n\n')
}

function kindSection(kind: KindSchema): readonly string[] {
  const names = `Short name \`${kind.shortNames.join('`, `')}\`, category \`sessions\`, namespaced${kind.hasScale ? ', with `/scale`' : ''}.`
  const conditions = (CONDITIONS_OF[kind.kind] ?? []).map((type) => `\`${type}\``).join(', ')
  return [
    `## ${kind.kind}`,
    `${kind.description} ${names}`,
    `Columns of \`kubectl get\`: ${kind.columns.map(({ name }) => name).join(', ')}.`,
    '### spec',
    specTable(kind.spec),
    '### What the API server refuses',
    'Beside wrong types, words and ranges:',
    [...new Set(rulesOf(kind).map(({ rule }) => `- ${rule.message}`))].join('\n'),
    '### status',
    statusTable(kind.status),
    `Conditions: ${conditions}.`,
  ]
}

function specTable(schema: AnySchema): string {
  const rows = fieldsOf('spec', schema).slice(1)
  return table(
    ['field', 'type', 'default', 'change', 'meaning'],
    rows.map(({ path, node, isRequired }) => [
      `\`${path.slice('spec.'.length)}\`${isRequired ? ' (required)' : ''}`,
      typeText(node),
      node.defaultText ?? '',
      node.change ?? '',
      node.description,
    ]),
  )
}

function statusTable(schema: AnySchema): string {
  const rows = fieldsOf('status', schema).slice(1)
  return table(
    ['field', 'type', 'meaning'],
    rows.map(({ path, node }) => [`\`${path.slice('status.'.length)}\``, typeText(node), fullDescription(node)]),
  )
}

function conditionSection(type: ConditionType): readonly string[] {
  const rows = Object.entries(CONDITIONS[type]).map(([reason, text]) => [`\`${reason}\``, text])
  return [`### ${type}`, table(['reason', 'meaning'], rows)]
}

function typeText(node: Node): string {
  switch (node.kind) {
    case 'enum':
      return node.values.map((word) => `\`${word}\``).join(', ')
    case 'integer':
      return node.minimum !== undefined && node.maximum !== undefined
        ? `integer, ${node.minimum} to ${node.maximum}`
        : 'integer'
    case 'string':
      return node.format === 'date-time' ? 'time' : `string, at most ${node.maxLength}`
    case 'list':
      return node.mapKey ? `list by \`${node.mapKey}\`` : 'list'
    case 'object':
    case 'quantity':
    case 'duration':
    case 'boolean':
    case 'map':
      return node.kind
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
