import { DEFAULTS } from '../../api/v1alpha1/defaults.ts'
import type { SessionBinding } from '../../api/v1alpha1/sessionbinding.ts'

/** Which bindings of one store get a login, and whom the others run into. */
export type BindingVerdict = Readonly<{ kind: 'granted' }> | Readonly<{ kind: 'prefixConflict'; with: string }>

export function keyPrefixOf(binding: SessionBinding): string {
  return binding.spec.keyPrefix ?? DEFAULTS.keyPrefix
}

/**
 * Prefixes on one store are prefix-free: with `a:` and `a:b:` one application would read the other's sessions. The older
 * binding keeps its login; by name among equals, so that every process decides alike.
 */
export function judgeBindings(bindings: readonly SessionBinding[]): ReadonlyMap<string, BindingVerdict> {
  const verdicts = new Map<string, BindingVerdict>()
  const granted: SessionBinding[] = []
  for (const binding of bindings.toSorted(byAge)) {
    const prefix = keyPrefixOf(binding)
    const other = granted.find((each) => overlaps(keyPrefixOf(each), prefix))
    verdicts.set(
      binding.metadata.name,
      other ? { kind: 'prefixConflict', with: other.metadata.name } : { kind: 'granted' },
    )
    if (!other) granted.push(binding)
  }
  return verdicts
}

function byAge(a: SessionBinding, b: SessionBinding): number {
  const [first = '', second = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  if (first !== second) return first < second ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

function overlaps(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a)
}
