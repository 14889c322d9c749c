/** Acts on every item, at most `width` at a time (default 16). */
export async function inParallel<T>(
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
  { width = 16 } = {},
): Promise<void> {
  const left = [...items].reverse()
  const lane = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item)
  }
  await Promise.all(Array.from({ length: width }, lane))
}
