// What needs no server: FastDate64, and the scan of trusted files compared with a walk of the whole tree.
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../src/bench/measure/statistics.ts";
import { decodeFastDate64, encodeFastDate64 } from "../src/time/stamp/fastdate64.ts";
import { newestTrustedMoment } from "../src/time/sources/trusted-file.ts";
import { tempFolder } from "../tests/support/temp.ts";

const FILES = 20_000;
const FILES_A_FOLDER = 20;
const CODES = 2_000_000;

export interface LocalFigures {
  readonly encodings_a_second: number;
  readonly decodings_a_second: number;
  readonly targeted_scan_ms: number;
  readonly full_walk_ms: number;
}

/** The median time of one call, in milliseconds; the first round warms up. */
function timed(run: () => void, rounds: number): number {
  run();
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return median(times);
}

/** A tree like that of logs: files in two levels of folders. */
function growTree(root: string): void {
  for (let folder = 0; folder < FILES / FILES_A_FOLDER; folder += 1) {
    const path = join(root, `service-${folder % 40}`, `part-${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES_A_FOLDER; file += 1) writeFileSync(join(path, `${file}.log`), "a line\n");
  }
}

function newestOfAll(root: string): number {
  let newest = 0;
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

export function localFigures(): LocalFigures {
  const times = Array.from(
    { length: 1_024 },
    (_, index) => 1_700_000_000_123_456_789n + BigInt(index) * 7_919n,
  );
  const codes = times.map(encodeFastDate64);
  let sink = 0n;
  const encoding = timed(() => {
    for (let index = 0; index < CODES; index += 1) sink ^= encodeFastDate64(times[index & 1_023] ?? 0n);
  }, 5);
  const decoding = timed(() => {
    for (let index = 0; index < CODES; index += 1) sink ^= decodeFastDate64(codes[index & 1_023] ?? 0n);
  }, 5);
  if (sink < 0n) throw new Error("never");
  using folder = tempFolder();
  growTree(folder.path);
  const scan = { files: [], folders: [folder.path], depth: 2, limit: 100, endNs: 1n << 63n };
  return {
    encodings_a_second: (CODES / encoding) * 1_000,
    decodings_a_second: (CODES / decoding) * 1_000,
    targeted_scan_ms: timed(() => newestTrustedMoment(scan, []), 11),
    full_walk_ms: timed(() => newestOfAll(folder.path), 3),
  };
}
