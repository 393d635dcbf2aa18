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

/** Rows in three parts, each to be committed by itself; none is empty. */
export function partsOf(rows) {
  const size = Math.ceil(rows.length / 3);
  const parts = [];
  for (let at = 0; at < rows.length; at += size) parts.push(rows.slice(at, at + size));
  return parts;
}
