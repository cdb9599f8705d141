import { join } from "node:path";
import { startSandbox } from "../../upload/sandbox/server.ts";
import { agree } from "../agree.ts";
import { makeCvs } from "../cv-tree.ts";
import type { Experiment, Lab, Way } from "../experiment.ts";
import { startOwn } from "../measure/own-process.ts";

const LATENCY_MS = 50;
const CV_BYTES = 16 * 1024;

interface Mode {
  readonly name: string;
  readonly latencyMs: number;
  readonly flags: readonly string[];
  readonly batch: boolean;
}

const MODES: readonly Mode[] = [
  { name: "one at a time", latencyMs: LATENCY_MS, flags: ["--workers", "1"], batch: false },
  { name: "5 at a time", latencyMs: LATENCY_MS, flags: ["--workers", "5"], batch: false },
  { name: "20 at a time", latencyMs: LATENCY_MS, flags: ["--workers", "20"], batch: false },
  { name: "batches", latencyMs: LATENCY_MS, flags: ["--bulk", "--workers", "5"], batch: true },
];

/** A mass import on a network that does not slow it down: the machine's limit. */
const AT_ONCE: Mode = { name: "bulk", latencyMs: 0, flags: ["--bulk"], batch: true };

/**
 * Uploads the tree to a fresh sandbox with a fresh store. The sandbox runs here and the client in its own process,
 * so that neither waits for the other's thread. The time is the one that the client reports, without its start-up.
 */
function uploading(mode: Mode, tree: string, count: number, lab: Lab): Way {
  let run = 0;
  return {
    name: mode.name,
    run: async () => {
      using sandbox = await startSandbox({ latencyMs: mode.latencyMs, batch: mode.batch });
      run += 1;
      const store = join(lab.folder, `${mode.flags.join("")}-${run}.db`);
      const { result } = startOwn(lab, ["sync", tree, "--url", sandbox.url, "--db", store, ...mode.flags], {
        TANOVA_API_KEY: sandbox.apiKey,
      });
      const { uploaded, failed, elapsed_s: elapsedS } = await result;
      const { stored, repeats } = sandbox.stats();
      agree(`uploads, ${mode.name}`, [uploaded, failed, stored, repeats], [count, 0, count, 0]);
      if (typeof elapsedS !== "number") throw new Error("nodupe sync did not tell how long it took");
      return { overriddenDuration: elapsedS * 1e3 };
    },
  };
}

export const uploads: Experiment = {
  job: "sync",
  name: `uploads, ${LATENCY_MS} ms a request`,
  prepare: async (lab) => {
    const tree = join(lab.folder, "cvs");
    const count = lab.quick ? 12 : 100;
    makeCvs(tree, { count, bytes: CV_BYTES, seed: 20 });
    return {
      type: "timing",
      unit: "ms",
      asynchronous: true,
      iterations: 1,
      ways: MODES.map((mode) => uploading(mode, tree, count, lab)),
      claims: [
        { name: "5 uploads in parallel", before: "one at a time", after: "5 at a time" },
        { name: "20 uploads in parallel", before: "one at a time", after: "20 at a time" },
        { name: "uploads in batches", before: "one at a time", after: "batches" },
      ],
    };
  },
};

export const uploadsAtOnce: Experiment = {
  job: "sync",
  name: `CVs of ${CV_BYTES / 1024} KiB, no latency`,
  prepare: async (lab) => {
    const tree = join(lab.folder, "cvs");
    const count = lab.quick ? 300 : 2_000;
    makeCvs(tree, { count, bytes: CV_BYTES, seed: 21 });
    const way = uploading(AT_ONCE, tree, count, lab);
    return {
      type: "timing",
      unit: "op/s",
      asynchronous: true,
      iterations: 1,
      ways: [{ ...way, operations: count, capability: "cvs", bytesPerOperation: CV_BYTES }],
      claims: [],
    };
  },
};
