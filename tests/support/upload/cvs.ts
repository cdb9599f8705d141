import { seededRandom } from "../../../src/lib/seeded-random.ts";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Tree {
  /** Checksum → number of files with this content. */
  readonly contents: ReadonlyMap<string, number>;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes CVs with generated contents below a folder, ten per folder; every `duplicateEvery`-th repeats an earlier one.
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
