/** A sketch as `Sketch.write` wrote it, from `start` on. */
export interface StoredSketch {
  readonly bytes: Uint8Array;
  readonly start: number;
}

/**
 * Adds a stored sketch's counts to `sums`, each at the place that `places` has for its bucket, moved on by `offset`, and
 * returns where it ends.
 * A month has hundreds of thousands of buckets and a command runs once, before the compiler has warmed up: so this
 * reads the numbers in place, with neither a call nor an object for each.
 */
export function addStoredSketch(
  { bytes, start }: StoredSketch,
  places: Int32Array,
  sums: Float64Array,
  offset: number,
): number {
  const { length } = bytes;
  let at = start;
  let left = -1;
  let bucket = 0;
  while (left !== 0 && at < length) {
    let value = 0;
    let scale = 1;
    let byte = bytes[at++] ?? 0;
    while (byte >= 0x80) {
      value += (byte & 0x7f) * scale;
      scale *= 128;
      byte = bytes[at++] ?? 0;
    }
    value += byte * scale;
    if (left < 0) {
      left = value;
      continue;
    }
    bucket += value;
    value = 0;
    scale = 1;
    byte = bytes[at++] ?? 0;
    while (byte >= 0x80) {
      value += (byte & 0x7f) * scale;
      scale *= 128;
      byte = bytes[at++] ?? 0;
    }
    const place = (places[bucket] ?? 0) + offset;
    sums[place] = (sums[place] ?? 0) + value + byte * scale;
    left -= 1;
  }
  if (left !== 0 || at > length) throw new RangeError("Cannot read past the end of a stored sketch");
  return at;
}
