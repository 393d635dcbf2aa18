/** Tests that take time, over many items. */

/** The items that pass, in their order; a few tests run at once. */
export async function filterAsync<T>(items: readonly T[], atOnce: number, passes: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept = new Uint8Array(items.length);
  let next = 0;
  const run = async () => {
    while (next < items.length) {
      const index = next++;
      if (await passes(items[index]!)) kept[index] = 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
  return items.filter((_, index) => kept[index] === 1);
}

/** Does any item pass? One test after the other, none after the first that does. */
export async function anyAsync<T>(items: readonly T[], passes: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await passes(item)) return true;
  return false;
}
