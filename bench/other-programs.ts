// Reading a log and hashing files, compared with common programs: grep, awk and sha256sum. The log, the files and
// the measuring code are those of `nodupe bench`. Programs that are not installed are skipped with a message.
//
//   bun bench/other-programs.ts      prints the tables, writes bench/results/other-programs.json
import { join, resolve } from "node:path";
import { agree } from "../src/bench/agree.ts";
import { makeCvs } from "../src/bench/cv-tree.ts";
import type { Experiment, Way } from "../src/bench/experiment.ts";
import { ingestLog } from "../src/bench/ingest-log.ts";
import { nodeLog, operationsIn } from "../src/bench/node-logs.ts";
import { runBench } from "../src/bench/run.ts";
import { openStore } from "../src/db/open.ts";
import { benchText } from "../src/render/bench.ts";
import { hashFile } from "../src/upload/intake/hash-file.ts";

const RESULTS = resolve(import.meta.dir, "results/other-programs.json");
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());

/** The ways whose program is installed. */
function installed(ways: Readonly<Record<string, Way>>): Way[] {
  return Object.entries(ways).flatMap(([program, way]) => {
    if (Bun.which(program) !== null) return [way];
    void Bun.write(Bun.stderr, `${program} is not installed: left out\n`);
    return [];
  });
}

async function outputOf(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { env: { ...process.env, LC_ALL: "C" }, stdin: "ignore" });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${command[0]} ended with ${child.exitCode}`);
  return text.trim();
}

/** Counts downloads and their bytes by splitting lines at the text around the fields. */
const AWK_COUNT = `BEGIN { FS = "\\t" } $4 == "downloaded" { count++; split($5, part, "\\"size\\": "); bytes += part[2] } END { print count, bytes }`;

const logReading: Experiment = {
  job: "ingest",
  name: "a log, read once",
  prepare: async (lab) => {
    const log = await nodeLog(lab, "pi-1");
    const operations = operationsIn(lab) * 2;
    let made = 0;
    const others = installed({
      grep: {
        name: "grep -c: lines that match",
        operations,
        run: () => outputOf(["grep", "-c", "downloaded", log]),
      },
      awk: { name: "awk: one sum", operations, run: () => outputOf(["awk", AWK_COUNT, log]) },
    });
    const ours: Way = {
      name: "nodupe: parsed, paired, stored",
      operations,
      run: async () => {
        made += 1;
        using store = openStore({ path: join(lab.folder, `${made}.db`) });
        agree("operations", (await ingestLog(store.db, "pi-1", log, lab.signal)) * 2, operations);
      },
    };
    return {
      type: "timing",
      unit: "lines/s",
      asynchronous: true,
      iterations: 1,
      warmUp: true,
      ways: [...others, ours],
      claims: others.map(({ name }) => ({ name: `against ${name}`, before: name, after: ours.name })),
    };
  },
};

const hashing: Experiment = {
  job: "sync",
  name: "SHA-256 of 40 files of 2 MiB, cached by the system",
  prepare: async (lab) => {
    const files = makeCvs(join(lab.folder, "cvs"), { count: 40, bytes: 2 * 1024 * 1024, seed: 256 });
    const hashAll = async (): Promise<string[]> => {
      const checksums: string[] = [];
      for (const path of files) checksums.push((await hashFile(path)).checksum);
      return checksums;
    };
    const sums = await outputOf(["sha256sum", ...files]).catch(() => null);
    const listed = sums?.split("\n").map((line) => line.slice(0, 64));
    if (listed !== undefined) agree("checksums", await hashAll(), listed);
    const others = installed({
      sha256sum: { name: "sha256sum", run: () => outputOf(["sha256sum", ...files]) },
    });
    const ours: Way = { name: "nodupe, one thread", run: hashAll };
    return {
      type: "timing",
      unit: "ms",
      asynchronous: true,
      iterations: 1,
      ways: [...others, ours],
      claims: others.map(({ name }) => ({ name: `against ${name}`, before: name, after: ours.name })),
    };
  },
};

const report = await runBench({
  experiments: [logReading, hashing],
  quick: process.argv.includes("--quick"),
  signal: stop.signal,
  self: [process.execPath, resolve(import.meta.dir, "../src/main.ts")],
  onProgress: () => undefined,
});
await Bun.write(Bun.stdout, `${benchText(report, null)}\n`);
if (!report.interrupted) await Bun.write(RESULTS, `${JSON.stringify(report, null, 2)}\n`);
