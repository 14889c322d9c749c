/** Loopback addresses of stand-in servers; the number of a store is at the end of its name. */
function place(store: string): string {
  const index = Number(/(\d+)$/.exec(store)?.[1] ?? 0)
  return `${index >> 8}.${index & 255}`
}

/** Of a pod `<store>-<ordinal>`. */
export function podAddress(pod: string): string {
  const at = pod.lastIndexOf('-')
  const [high, low] = place(pod.slice(0, at)).split('.')
  return `127.${1 + Number(high)}.${low}.${10 + Number(pod.slice(at + 1))}`
}

/** Of the Service of the primary of a store. */
export function serviceAddress(store: string): string {
  const [high, low] = place(store).split('.')
  return `127.${128 + Number(high)}.${low}.1`
}
