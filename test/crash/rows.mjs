/** What a commit of the crash tests holds: some upserts, then some deletes, of keys fromKey … fromKey + keys - 1. */
export function rowsOf(seededRandom, seed, identifier, fromKey, keys) {
  const random = seededRandom(seed * 1_000_003 + identifier);
  const key = () => BigInt(fromKey + Math.floor(random.float() * keys));
  const version = BigInt(identifier);
  const upserts = Array.from({ length: 1 + Math.floor(random.float() * 80) }, () => ({
    id: key(),
    version,
    text: `v${identifier}-${Math.floor(random.float() * 1e6)}`,
  }));
  const deletes = Array.from({ length: Math.floor(random.float() * 8) }, () => ({ id: key(), version, text: null }));
  return { upserts, deletes };
}
