import type { Rule } from '../../schema.ts'

/** Words as a list in CEL. */
export function quoted(words: readonly string[]): string {
  return `[${words.map((word) => `'${word}'`).join(', ')}]`
}

/** `has()` for each step of a path, so that an absent parent reads as an empty text. */
function optional(self: string, path: readonly string[]): string {
  const has = path.map((_, depth) => `has(${[self, ...path.slice(0, depth + 1)].join('.')})`).join(' && ')
  return `(${has} ? ${[self, ...path].join('.')} : '')`
}

/** For an object that holds the path: on the parent, as a rule on an optional field is not called when the field is added or removed. */
export function immutable(path: readonly string[], hint: string): Rule {
  const field = path.join('.')
  return {
    name: `${path.join('-')}-immutable`,
    rule: `${optional('self', path)} == ${optional('oldSelf', path)}`,
    message: `${field} is immutable: it can be neither changed nor added nor removed; ${hint}`,
    fieldPath: `.${field}`,
  }
}

/** A quantity from `minimum` to `maximum`, both included. */
export function quantityRange(name: string, range: Readonly<{ minimum: string; maximum: string }>): Rule {
  const compare = (limit: string) => `quantity(string(self)).compareTo(quantity('${limit}'))`
  return {
    name: `${name.replaceAll('.', '-')}-range`,
    rule: `isQuantity(string(self)) && ${compare(range.minimum)} >= 0 && ${compare(range.maximum)} <= 0`,
    message: `${name} must be a quantity from ${range.minimum} to ${range.maximum}`,
  }
}
