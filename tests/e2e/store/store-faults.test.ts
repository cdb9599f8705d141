import { expect } from "bun:test";
import { needsExecution } from "../../support/programs.ts";
import { faultOf, type StoreFault, syncWithFault } from "../../support/store/store-fault.ts";

/** Sixty more: `bun bench/store-faults.ts`. */
const FAULTS: readonly StoreFault[] = [
  { type: "call", call: "pwrite64", error: "EIO", when: "20" },
  { type: "call", call: "pwrite64", error: "ENOSPC", when: "15+" },
  { type: "call", call: "fsync", error: "EIO", when: "6+" },
  { type: "call", call: "fsync", error: "EINTR", when: "3" },
  { type: "call", call: "pwrite64", error: "EINTR", when: "8" },
  // Behind the last upload: what is written then is the run's own result.
  { type: "call", call: "fsync", error: "EIO", when: "21" },
  { type: "limit", kilobytes: 112 },
];

needsExecution("strace")(
  "the disk under the store fails: what is reported as uploaded is what the server has, and nothing hangs",
  async () => {
    const runs = await Promise.all(FAULTS.map(syncWithFault));
    expect(runs.map((run) => ({ fault: run.fault, wrong: faultOf(run) }))).toEqual(
      FAULTS.map((fault) => ({ fault, wrong: null })),
    );
    // They do fail: a fault that nobody meets would prove nothing.
    expect(runs.filter(({ exitCode }) => exitCode !== 0).length).toBeGreaterThan(2);
  },
  120_000,
);
