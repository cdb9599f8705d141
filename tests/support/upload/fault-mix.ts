import { seededRandom } from "../../../src/lib/seeded-random.ts";
import { parseFaults } from "../../../src/upload/sandbox/faults.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "./cvs.ts";
import { patientMs } from "../emulation.ts";
import { isSumRight, resultOf, startSync, sync } from "./sync.ts";
import { tempFolder } from "../temp.ts";
import { until } from "../until.ts";

/** Everything that gateways, rate limits and networks do to requests, at 5% each. */
const FAULTS = [
  "504json",
  "500json",
  "502html",
  "408json",
  "429ra",
  "429bare",
  "200foreign",
  "gzip",
  "reset",
  "lostack",
];
const FAULT_SHARE = 0.05;
/** A content that has not arrived after this many runs counts as lost. */
const MOST_RUNS = 8;

export interface MixOutcome {
  readonly contents: number;
  readonly kills: number;
  readonly runs: number;
  /** Uploads of contents that the server already had. */
  readonly repeats: number;
  /** Contents missing in the end. */
  readonly lost: number;
  /** Results whose counts do not add up. */
  readonly wrongSums: number;
  /** The faults that occurred, and how often. */
  readonly faults: Readonly<Record<string, number>>;
}

/**
 * Runs the compiled binary against a server that accepts duplicates and shows every fault of real ones. It is
 * killed a few times, then run until it reports that everything is done. The seed determines the tree, the faults,
 * the kills and the kind of server.
 */
export async function playFaultMix(seed: number): Promise<MixOutcome> {
  using home = tempFolder();
  using cvs = tempFolder();
  const random = seededRandom(seed);
  const tree = writeCvs(cvs.path, { files: 60, duplicateEvery: 9, seed });
  const isBatch = seed % 2 === 0;
  using sandbox = await startSandbox({
    latencyMs: 5,
    processingMs: 30,
    retryAfterS: 1,
    batch: isBatch,
    refusesDuplicates: false,
    statusCreated: seed % 3 === 0 ? 201 : 200,
    faults: parseFaults(FAULTS.map((name) => `${name}:${FAULT_SHARE}`).join(",")) ?? [],
    random: seededRandom(seed + 1_000),
  });
  const patience = ["--retries", "6", "--retry-delay", "50ms", "--ambiguous-wait", patientMs(1_500)];
  const args = [...(isBatch ? ["--bulk"] : []), "--workers", "6", ...patience, cvs.path];
  const kills = Math.floor(random() * 4);
  for (let kill = 0; kill < kills; kill += 1) {
    const child = startSync({ home, sandbox }, args);
    const target =
      sandbox.stats().requests.upload + sandbox.stats().requests.batch + Math.floor(random() * 12);
    await until(
      () =>
        sandbox.stats().requests.upload + sandbox.stats().requests.batch > target || child.exitCode !== null,
      "some are on their way",
    );
    child.kill("SIGKILL");
    await child.exited;
  }
  let wrongSums = 0;
  let runs = 0;
  for (let isDone = false; !isDone && runs < MOST_RUNS; runs += 1) {
    const run = await sync({ home, sandbox }, args);
    const result = resultOf(run);
    if (!isSumRight(result)) wrongSums += 1;
    isDone = run.exitCode === 0;
  }
  const { repeats, faults } = sandbox.stats();
  const lost = [...tree.contents.keys()].filter((checksum) => !sandbox.stored().has(checksum)).length;
  return { contents: tree.contents.size, kills, runs, repeats, lost, wrongSums, faults };
}
