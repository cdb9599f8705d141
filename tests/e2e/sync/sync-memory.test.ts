import { expect, test } from "bun:test";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import type { SyncResult } from "../../../src/upload/report/tally.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { IS_EMULATED, patient } from "../../support/emulation.ts";
import { resultOf, startSync, type SyncCase } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const MIB = 1024 * 1024;
/** An emulator keeps its translation of the program in memory too. */
const EMULATOR_MIB = IS_EMULATED ? 200 : 0;

/** The largest resident set that a process ever had, in MiB; asked for while it runs. */
async function peakMemoryMib(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`)
    .text()
    .catch(() => "");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** Runs a sync to its end, and tells what it came to and the most memory that it took. */
async function measured(
  test: SyncCase,
  args: readonly string[],
): Promise<{ result: SyncResult; peakMib: number }> {
  const child = startSync(test, args);
  let peakMib = 0;
  await until(
    async () => {
      peakMib = Math.max(peakMib, await peakMemoryMib(child.pid));
      return child.exitCode !== null;
    },
    "it has ended",
    90_000,
  );
  expect(peakMib).toBeGreaterThan(20);
  return { result: resultOf({ stdout: await new Response(child.stdout).text(), stderr: "" }), peakMib };
}

test(
  "1,000 files of 20-400 KB by 20 workers take at most 75 MB, ten times as many small ones at most 10 MB more",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using singly = await startSandbox({ latencyMs: 20 });
    using inBatches = await startSandbox({ latencyMs: 20, batch: true });
    for (const folder of ["1000", "10000"]) mkdirSync(cvs.file(folder));
    writeCvs(cvs.file("1000"), { files: 1_000, minBytes: 20_000, maxBytes: 400_000 });
    writeCvs(cvs.file("10000"), { files: 10_000, minBytes: 500, maxBytes: 2_000, seed: 2 });
    const args = ["--bulk", "--workers", "20"];
    const few = await measured({ home, sandbox: singly }, [...args, cvs.file("1000")]);
    expect(few.result).toMatchObject({ uploaded: 1_000 });
    // Where the processor, being emulated, is what bounds the rate, workers beyond the first few bring nothing.
    if (!IS_EMULATED) expect(few.result.workers_peak).toBe(20);
    expect(few.peakMib).toBeLessThan(75 + EMULATOR_MIB);
    const many = await measured({ home, sandbox: inBatches }, [...args, cvs.file("10000")]);
    expect(many.result).toMatchObject({ uploaded: 10_000, failed: 0 });
    expect(many.peakMib).toBeLessThan(75 + 10 + EMULATOR_MIB);
  },
  patient(120_000),
);

test(
  "a file of 500 MB takes less than 50 MB more than a small one",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox();
    for (const folder of ["small", "large"]) mkdirSync(cvs.file(folder));
    writeFileSync(cvs.file("small", "cv.pdf"), "a small one");
    writeFileSync(cvs.file("large", "cv.pdf"), "begin");
    truncateSync(cvs.file("large", "cv.pdf"), 500 * MIB);
    const small = await measured({ home, sandbox }, [cvs.file("small")]);
    const large = await measured({ home, sandbox }, [cvs.file("large")]);
    expect([small.result.uploaded, large.result.uploaded]).toEqual([1, 1]);
    expect(large.peakMib - small.peakMib).toBeLessThan(50);
  },
  patient(120_000),
);
