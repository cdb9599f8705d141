import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Tree {
  /** Checksum → how many files have the content. */
  readonly contents: ReadonlyMap<string, number>;
  readonly files: number;
  readonly bytes: number;
}

/** A generator of numbers in [0, 1) that is the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Writes CVs with made-up contents below a folder, ten to a folder; every `duplicateEvery`-th repeats an earlier one.
 */
export function writeCvs(
  folder: string,
  options: { files: number; minBytes?: number; maxBytes?: number; duplicateEvery?: number; seed?: number },
): Tree {
  const { files, minBytes = 200, maxBytes = 2_000, duplicateEvery = 0, seed = 1 } = options;
  const random = seededRandom(seed);
  const contents = new Map<string, number>();
  let last = Buffer.from("");
  let bytes = 0;
  for (let index = 0; index < files; index += 1) {
    const isRepeat = duplicateEvery > 0 && index > 0 && index % duplicateEvery === 0;
    if (!isRepeat) {
      last = Buffer.alloc(Math.round(minBytes + random() * (maxBytes - minBytes)), `${seed}:${index} `);
      for (let at = 0; at < last.length; at += 97) last[at] = Math.floor(random() * 256);
    }
    const path = join(folder, `Job ${Math.floor(index / 10)}`, `cv_${index}_person${index}@example.org.pdf`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, last);
    const checksum = new Bun.CryptoHasher("sha256").update(last).digest("hex");
    contents.set(checksum, (contents.get(checksum) ?? 0) + 1);
    bytes += last.length;
  }
  return { contents, files, bytes };
}
