import { join } from "node:path";
import { startSandbox } from "../../upload/sandbox/server.ts";
import { makeCvs } from "../cv-tree.ts";
import type { Experiment } from "../experiment.ts";
import { startOwn } from "../measure/own-process.ts";
import { memoryOver, watchResident } from "../measure/resident.ts";

const EVERY_MS = 10;

/** A separate process uploads a tree without a pause: its memory must not grow with what it has sent. */
export const uploadMemory: Experiment = {
  job: "sync",
  name: "memory while uploading",
  prepare: async (lab) => {
    const tree = join(lab.folder, "cvs");
    makeCvs(tree, { count: lab.quick ? 500 : 3_000, bytes: 100 * 1024, seed: 7 });
    return {
      type: "observation",
      unit: "MiB",
      observe: async () => {
        using sandbox = await startSandbox();
        const child = startOwn(
          lab,
          ["sync", "--workers", "10", "--url", sandbox.url, "--db", join(lab.folder, "nodupe.db"), tree],
          { TANOVA_API_KEY: sandbox.apiKey },
        );
        return memoryOver(await watchResident(child.pid, child.result, EVERY_MS));
      },
    };
  },
};
