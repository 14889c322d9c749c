/** Ends a switch over a union: a new member does not compile until its case is written. */
export function assertNever(value: never): never {
  throw new TypeError(`Cannot go on: unexpected value ${JSON.stringify(value)}`)
}
