import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { seededRandom } from "../../../../src/lib/seeded-random.ts";
import { diskAfterCut, type Fate } from "./disk.ts";
import type { Op } from "./recording.ts";

/** The recorded run of a job, and what must hold after a power cut at any point of it. */
export interface CutJob extends AsyncDisposable {
  readonly ops: readonly Op[];
  readonly before: ReadonlyMap<string, Buffer>;
  /**
   * Continues with the files left by a cut before operation `cut`, at their old paths.
   * @returns what is wrong, in a few words each; empty if nothing is.
   */
  check(cut: number): Promise<readonly Wrong[]>;
}

/** `refused`: the store could not be opened; `repeated`: something was sent twice; `lost`: finished work is missing. */
export interface Wrong {
  readonly type: "refused" | "repeated" | "lost";
  readonly what: string;
}

const FATES: readonly Fate[] = ["torn", "lost", "torn", "kept"];

/** Restores the files and removes everything else from their folder. */
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

/** Cuts the power `count` times, spread over the whole run, and checks each outcome. */
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
