// What uploads cost this machine: CPU time and memory of `nodupe sync`, compared with another build of it in the
// same run. One case includes asking first, which is necessary if the server is not known to refuse duplicates; a
// build that cannot ask is not measured for it. `bun bench/upload-cost.ts [OTHER_BINARY] [ROUNDS]` prints a table
// and writes bench/results/upload-cost.json.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openStore } from "../src/db/open.ts";
import { destinationRow } from "../src/upload/ledger/destination.ts";
import { rememberFact } from "../src/upload/ledger/run-record.ts";
import { writeCvs } from "../tests/support/upload/cvs.ts";
import { machine, middle, type Sample, timed } from "./support.ts";

const ROOT = resolve(import.meta.dir, "..");
const BINARY = join(ROOT, "dist/nodupe");
const KEY = "tanova_sk_bench";
const OTHER = Bun.argv[2];
const ROUNDS = Number(Bun.argv[3] ?? 3);
const MIB = 1024 ** 2;

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly files: number;
  readonly server: readonly string[];
  readonly args: readonly string[];
  readonly asksFirst: boolean;
}

/** One run with an empty sandbox and a store that at most knows whether the server refuses duplicates. */
async function upload(binary: string, scratch: string, of: Case): Promise<Sample> {
  const child = Bun.spawn([BINARY, "sandbox", "--json", "--listen", "127.0.0.1:0", ...of.server], {
    env: { ...process.env, NODUPE_SANDBOX_API_KEY: KEY },
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    const { value } = await child.stdout.getReader().read();
    const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
    const path = join(mkdtempSync(join(scratch, "store-")), "nodupe.db");
    if (!of.asksFirst && binary === BINARY) {
      using store = openStore({ path });
      rememberFact(
        store.db,
        destinationRow(store.db, url).id,
        { type: "refuses-duplicates", isSo: true },
        Date.now(),
      );
    }
    const command = [binary, "sync", "-q", "--json", "--db", path, "--url", url, ...of.args, of.folder];
    const run = await timed(command, { env: { TANOVA_API_KEY: KEY } });
    const { uploaded } = JSON.parse(run.stdout) as { uploaded: number };
    if (uploaded !== of.files) throw new Error(`${uploaded} of ${of.files} files were uploaded`);
    return run;
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

const scratch = mkdtempSync(join(tmpdir(), "nodupe-bench-"));
try {
  const [small, large] = [join(scratch, "small"), join(scratch, "large")];
  for (const folder of [small, large]) mkdirSync(folder);
  writeCvs(small, { files: 10_000, minBytes: 500, maxBytes: 2_000 });
  writeCvs(large, { files: 1_000, minBytes: 20_000, maxBytes: 400_000 });
  Bun.spawnSync(["sync"]);
  const singly = {
    name: "10,000 small files singly",
    folder: small,
    files: 10_000,
    server: [],
    args: ["--workers", "20"],
  };
  const atLatency = {
    name: "1,000 files of 20-400 KB at 50 ms, 20 workers",
    folder: large,
    files: 1_000,
    server: ["--latency", "50"],
    args: ["--bulk", "--workers", "20"],
  };
  const cases: readonly Case[] = [singly, atLatency].flatMap((of) => [
    { ...of, asksFirst: false },
    { ...of, asksFirst: true },
  ]);
  const samples = cases.map(() => ({ ours: [] as Sample[], other: [] as Sample[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, of] of cases.entries()) {
      samples[at]?.ours.push(await upload(BINARY, scratch, of));
      if (OTHER !== undefined && !of.asksFirst) samples[at]?.other.push(await upload(OTHER, scratch, of));
    }
  }
  const runs = cases.map(({ name, asksFirst }, at) => {
    const ours = middle(samples[at]?.ours ?? []);
    // A build that never asks is measured once for both cases.
    const others = samples[at]?.other.length === 0 ? samples[at - 1]?.other : samples[at]?.other;
    const other = others === undefined || others.length === 0 ? null : middle(others);
    return {
      name,
      asks_first: asksFirst,
      wall_ms: Math.round(ours.wallMs),
      cpu_ms: Math.round(ours.cpuMs),
      peak_mib: Math.round((ours.peakBytes / MIB) * 10) / 10,
      other_cpu_ms: other === null ? null : Math.round(other.cpuMs),
      other_peak_mib: other === null ? null : Math.round((other.peakBytes / MIB) * 10) / 10,
      times_other_cpu: other === null ? null : Math.round((ours.cpuMs / other.cpuMs) * 100) / 100,
    };
  });
  const results = join(ROOT, "bench/results/upload-cost.json");
  await Bun.write(results, `${JSON.stringify({ machine: machine(), rounds: ROUNDS, runs }, null, 2)}\n`);
  await Bun.write(Bun.stdout, `${Bun.inspect.table(runs)}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
