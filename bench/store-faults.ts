// Uploads with a store on a failing disk: strace makes calls on the store's files fail with EIO, ENOSPC and EINTR,
// once, for a while or from some call on, and a file size limit makes writes short. `bun bench/store-faults.ts` makes
// 60 such runs, each followed by one without faults, and writes bench/results/store-faults.json. Exits with 1 if what
// was reported as uploaded is not what the server has, something was sent twice or is missing, or a run hung.
import { join } from "node:path";
import pLimit from "p-limit";
import { faultOf, type StoreFault, syncWithFault } from "../tests/support/store/store-fault.ts";
import { machine } from "./support.ts";

const ONCE = ["1", "3", "8", "20"];
const FROM_THEN_ON = ["2+", "6+", "15+", "40+"];
/** Ranges of calls for EINTR: no kernel interrupts a write for ever, and SQLite retries until it succeeds. */
const FOR_A_WHILE = ["2..20", "6..60", "15..100", "40..200"];
const faults: StoreFault[] = [
  ...(["pwrite64", "fsync"] as const).flatMap((call) =>
    (["EIO", "ENOSPC", "EINTR"] as const).flatMap((error) =>
      [...ONCE, ...(error === "EINTR" ? FOR_A_WHILE : FROM_THEN_ON)].map(
        (when) => ({ type: "call", call, error, when }) as const,
      ),
    ),
  ),
  ...[4, 12, 24, 48, 64, 80, 96, 112, 128, 160, 192, 256].map(
    (kilobytes) => ({ type: "limit", kilobytes }) as const,
  ),
];

const startMs = performance.now();
const atOnce = pLimit(4);
const runs = await Promise.all(
  faults.map((fault) =>
    atOnce(async () => {
      const run = await syncWithFault(fault);
      const wrong = faultOf(run);
      if (wrong !== null) process.stderr.write(`${JSON.stringify(fault)}: ${wrong}: ${run.said}\n`);
      const { uploaded, stored, repeats, exitCode, hung } = run;
      return { ...fault, exit_code: exitCode, hung, uploaded, stored, repeats, wrong };
    }),
  ),
);
const results = {
  machine: machine(),
  runs: runs.length,
  wrong: runs.filter(({ wrong }) => wrong !== null).length,
  hung: runs.filter(({ hung }) => hung).length,
  elapsed_s: (performance.now() - startMs) / 1_000,
  each: runs,
};
await Bun.write(join(import.meta.dir, "results/store-faults.json"), `${JSON.stringify(results, null, 2)}\n`);
await Bun.write(Bun.stdout, `${JSON.stringify({ ...results, each: undefined }, null, 2)}\n`);
process.exit(results.wrong === 0 ? 0 : 1);
