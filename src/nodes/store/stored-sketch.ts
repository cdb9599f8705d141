/** The output of `Sketch.write`, beginning at `start`. */
export interface StoredSketch {
  readonly bytes: Uint8Array;
  readonly start: number;
}

/**
 * Adds a stored sketch's counts to `sums`, each at the place that `places` has for its bucket plus `offset`, and
 * returns the offset of the sketch's end.
 * A month has hundreds of thousands of buckets, and a command runs only once, before the compiler has warmed up: so
 * this reads the numbers in place, without a call or an object for each.
 */
export function addStoredSketch(
  { bytes, start }: StoredSketch,
  places: Int32Array,
  sums: Float64Array,
  offset: number,
): number {
  const { length } = bytes;
  let at = start;
  let left = 0;
  let scale = 1;
  let byte = bytes[at++] ?? 0;
  while (byte >= 0x80) {
    left += (byte & 0x7f) * scale;
    scale *= 128;
    byte = bytes[at++] ?? 0;
  }
  left += byte * scale;
  let bucket = 0;
  for (; left > 0 && at < length; left -= 1) {
    let step = bytes[at++] ?? 0;
    if (step >= 0x80) {
      scale = 1;
      byte = step;
      step = 0;
      do {
        step += (byte & 0x7f) * scale;
        scale *= 128;
        byte = bytes[at++] ?? 0;
      } while (byte >= 0x80);
      step += byte * scale;
    }
    bucket += step;
    let count = bytes[at++] ?? 0;
    if (count >= 0x80) {
      scale = 1;
      byte = count;
      count = 0;
      do {
        count += (byte & 0x7f) * scale;
        scale *= 128;
        byte = bytes[at++] ?? 0;
      } while (byte >= 0x80);
      count += byte * scale;
    }
    const place = (places[bucket] ?? 0) + offset;
    sums[place] = (sums[place] ?? 0) + count;
  }
  if (left > 0 || at > length) throw new RangeError("Cannot read past the end of a stored sketch");
  return at;
}
