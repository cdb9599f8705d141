import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../lib/seeded-random.ts";

const FOLDERS = 8;
/** Long ago: a file that has just been written might still be growing, so sync would wait for it. */
const WRITTEN_S = Date.UTC(2026, 0, 1) / 1e3;
const LETTERS = "etaoin shrdlu cmfwyp vbgkqj xz, ";

/** Generates CVs, no two alike, in folders named after jobs. Returns their paths. */
export function makeCvs(root: string, options: { count: number; bytes: number; seed: number }): string[] {
  const random = seededRandom(options.seed);
  const page = Array.from({ length: options.bytes }, () =>
    LETTERS.charAt(Math.floor(random() * LETTERS.length)),
  );
  const body = Buffer.from(page.join(""));
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    mkdirSync(join(root, `job-${folder}`), { recursive: true });
  }
  return Array.from({ length: options.count }, (_, index) => {
    const path = join(root, `job-${index % FOLDERS}`, `candidate-${index}.txt`);
    body.write(`Candidate ${String(index).padStart(8, "0")} of seed ${options.seed}\n`);
    writeFileSync(path, body);
    utimesSync(path, WRITTEN_S, WRITTEN_S);
    return path;
  });
}
