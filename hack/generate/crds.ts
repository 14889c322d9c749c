import { stringify } from 'yaml'
import { customResourceDefinition } from '../../src/api/crd.ts'
import { API_GROUP } from '../../src/api/v1alpha1/group.ts'
import { KINDS } from '../../src/api/v1alpha1/kinds.ts'

const HEADER = '# Generated from src/api/v1alpha1 by "npm run generate": do not edit.\n'
/** Helm must never delete a CustomResourceDefinition: every store would go with it. */
const KEEP = { 'helm.sh/resource-policy': 'keep' }

type Manifest = Readonly<{ metadata?: Readonly<Record<string, unknown>> }>

/** The YAML of each kind, once as it is and once as a template of the chart. */
export function crdFiles(): readonly (readonly [path: string, text: string])[] {
  return KINDS.flatMap((kind) => {
    const name = `${API_GROUP}_${kind.plural}.yaml`
    const manifest: Manifest = customResourceDefinition(kind)
    const kept = { ...manifest, metadata: { ...manifest.metadata, annotations: KEEP } }
    return [
      [`crds/${name}`, toYaml(manifest)] as const,
      [`charts/sessionstore-operator/templates/crds/${name}`, asTemplate(toYaml(kept))] as const,
    ]
  })
}

/** YAML 1.1 quoting, as that is what kubectl and Helm read. */
function toYaml(manifest: Manifest): string {
  return HEADER + stringify(manifest, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}

function asTemplate(yaml: string): string {
  if (yaml.includes('{{')) throw new Error('Cannot generate chart: a description contains "{{", which Helm would read')
  return yaml
}
