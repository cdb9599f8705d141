import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { seededRandom } from "../../../src/lib/seeded-random.ts";
import { diskAfterCut, type Fate } from "./disk.ts";
import type { Op } from "./recording.ts";

/** One job's recorded run, and what must hold after a power cut anywhere in it. */
export interface CutJob extends AsyncDisposable {
  readonly ops: readonly Op[];
  readonly before: ReadonlyMap<string, Buffer>;
  /**
   * Goes on with the files that a cut before operation `cut` has left, at their old paths.
   * @returns what is wrong, in a few words each; nothing where all is well.
   */
  check(cut: number): Promise<readonly Wrong[]>;
}

/** `refused`: the store was not opened; `repeated`: something was sent twice; `lost`: what was done is not. */
export interface Wrong {
  readonly type: "refused" | "repeated" | "lost";
  readonly what: string;
}

const FATES: readonly Fate[] = ["torn", "lost", "torn", "kept"];

/** Puts the files where they were; what else is in their folder goes. */
function putFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [path, bytes] of files) writeFileSync(join(folder, basename(path)), bytes, { mode: 0o600 });
}

export interface CutsDone {
  readonly cuts: number;
  readonly ops: number;
  readonly wrong: readonly (Wrong & { readonly cut: number; readonly fate: Fate })[];
}

/** Cuts the power `count` times, spread over the whole run, and sees what comes of it. */
export async function cutPower(job: CutJob, count: number, seed: number): Promise<CutsDone> {
  const random = seededRandom(seed);
  const draw = (below: number): number => Math.floor(random() * below);
  const [first] = job.ops.filter((op) => op.type !== "send");
  if (first === undefined || !("path" in first)) throw new Error("Cannot cut a run that wrote nothing");
  const wrong: (Wrong & { cut: number; fate: Fate })[] = [];
  for (let index = 0; index < count; index += 1) {
    const fate = FATES[index % FATES.length] ?? "torn";
    const cut = Math.floor(((index + random()) / count) * (job.ops.length + 1));
    putFiles(dirname(first.path), diskAfterCut(job.ops, cut, { fate, draw, before: job.before }));
    for (const each of await job.check(cut)) wrong.push({ ...each, cut, fate });
  }
  return { cuts: count, ops: job.ops.length, wrong };
}
