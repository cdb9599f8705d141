// `nodupe sync` as people use it, compared with the ideal and with other clients, in one run: the compiled binary,
// a sandbox in its own process, the same files for all. `bun bench/sync.ts` prints ratios and writes
// bench/results/sync.json. Takes about four minutes; on a busy machine only ratios are meaningful.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { median } from "../src/bench/measure/statistics.ts";
import { openStore } from "../src/db/open.ts";
import { destinationRow } from "../src/upload/ledger/destination.ts";
import { rememberFact } from "../src/upload/ledger/run-record.ts";
import { globFilter } from "../src/upload/scan/filter.ts";
import { filesOf, openRoot, scan } from "../src/upload/scan/scan.ts";
import { writeCvs } from "../tests/support/upload/cvs.ts";
import { machine, middle, type Sample, timed } from "./support.ts";

const ROOT = resolve(import.meta.dir, "..");
const BINARY = join(ROOT, "dist/nodupe");
const LATENCY_MS = 50;
const FILES = 1_000;
const WORKERS = 20;
const ROUNDS = 3;
const KEY = "tanova_sk_bench";

interface Server extends Disposable {
  readonly url: string;
}

async function startServer(args: readonly string[]): Promise<Server> {
  const child = Bun.spawn([BINARY, "sandbox", "--json", "--listen", "127.0.0.1:0", ...args], {
    env: { ...process.env, NODUPE_SANDBOX_API_KEY: KEY },
    stdout: "pipe",
    stderr: "ignore",
  });
  const { value } = await child.stdout.getReader().read();
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
  return { url, [Symbol.dispose]: () => child.kill("SIGKILL") };
}

function syncCommand(folder: string, store: string, url: string, args: readonly string[]): string[] {
  return [BINARY, "sync", "-q", "--json", "--db", store, "--url", url, ...args, folder];
}

const CLIENT = { env: { TANOVA_API_KEY: KEY } };

/** A store that knows of the server only that it refuses duplicates: then no content has to be asked for first. */
function writeTrustingStore(path: string, url: string): void {
  using store = openStore({ path });
  const { id } = destinationRow(store.db, url);
  rememberFact(store.db, id, { type: "refuses-duplicates", isSo: true }, Date.now());
}

/** An empty store and an empty server; with `trusts` the server is known to refuse duplicates. */
async function firstRun(
  folder: string,
  scratch: string,
  how: { readonly server: readonly string[]; readonly args: readonly string[]; readonly trusts?: boolean },
): Promise<Sample> {
  using sandbox = await startServer(how.server);
  const store = join(mkdtempSync(join(scratch, "store-")), "nodupe.db");
  if (how.trusts === true) writeTrustingStore(store, sandbox.url);
  return await timed(syncCommand(folder, store, sandbox.url, how.args), CLIENT);
}

function pathsIn(folder: string): string[] {
  return [...filesOf(scan(openRoot(folder), globFilter([], [])))].map(({ path }) => path);
}

/** Uploads only, with known checksums: what a well-made C program needs for sending alone. */
async function curlRun(
  files: readonly string[],
  scratch: string,
  server: readonly string[],
): Promise<Sample> {
  using sandbox = await startServer(server);
  const config = files.map((path) => {
    const checksum = new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
    return [
      `url = "${sandbox.url}/api/sync/upload"`,
      `header = "X-Tanova-API-Key: ${KEY}"`,
      `form-string = "checksum=${checksum}"`,
      `form = "file=@\\"${path}\\";filename=\\"${basename(path)}\\";type=application/pdf"`,
      'output = "/dev/null"',
    ].join("\n");
  });
  const file = join(scratch, "curl.config");
  writeFileSync(file, config.join("\nnext\n"));
  return await timed(["curl", "-s", "--parallel", "--parallel-max", String(WORKERS), "--config", file]);
}

/** One file after the other, a check and an upload for each, rewriting the whole history after every file. */
async function sequentially(url: string, files: readonly string[], history: string): Promise<void> {
  const headers = { "X-Tanova-API-Key": KEY };
  const synced: string[] = [];
  for (const path of files) {
    const bytes = await Bun.file(path).bytes();
    const checksum = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    const check = await fetch(`${url}/api/sync/check-duplicate`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ checksum }),
    });
    await check.json();
    const form = new FormData();
    form.set("checksum", checksum);
    form.set("file", new File([bytes], basename(path), { type: "application/pdf" }));
    const answer = await fetch(`${url}/api/sync/upload`, { method: "POST", headers, body: form });
    if (!answer.ok) throw new Error(`the sequential client failed: HTTP ${answer.status}`);
    synced.push(checksum);
    writeFileSync(history, JSON.stringify(synced));
  }
}

async function sequentialRun(
  files: readonly string[],
  scratch: string,
  server: readonly string[],
): Promise<number> {
  using sandbox = await startServer(server);
  const startMs = performance.now();
  await sequentially(sandbox.url, files, join(scratch, "history.json"));
  return performance.now() - startMs;
}

/** The second start, when all files are known. */
async function secondRuns(folder: string, scratch: string): Promise<Sample> {
  using sandbox = await startServer(["--batch"]);
  const command = syncCommand(folder, join(scratch, "second.db"), sandbox.url, ["--bulk"]);
  await timed(command, CLIENT);
  const samples: Sample[] = [];
  for (let round = 0; round < 5; round += 1) samples.push(await timed(command, CLIENT));
  return middle(samples);
}

/** Runs the experiments round after round, so that other load affects all of them. */
async function inRounds<Name extends string>(
  experiments: Readonly<Record<Name, () => Promise<Sample>>>,
): Promise<Record<Name, Sample>> {
  const names = Object.keys(experiments) as Name[];
  const samples = new Map<Name, Sample[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) samples.get(name)?.push(await experiments[name]());
  }
  return Object.fromEntries(names.map((name) => [name, middle(samples.get(name) ?? [])])) as Record<
    Name,
    Sample
  >;
}

const MIB = 1024 ** 2;

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "nodupe-bench-"));
  try {
    const folderOf = (name: string): string => {
      mkdirSync(join(scratch, name));
      return join(scratch, name);
    };
    const cvs = folderOf("cvs");
    const many = folderOf("many");
    const most = folderOf("most");
    const tree = writeCvs(cvs, { files: FILES, minBytes: 20_000, maxBytes: 400_000 });
    writeCvs(many, { files: 10_000, minBytes: 500, maxBytes: 2_000, seed: 2 });
    writeCvs(most, { files: 100_000, minBytes: 500, maxBytes: 2_000, seed: 3 });
    // Flush what was just written to the disk: otherwise that would delay every commit that is measured.
    Bun.spawnSync(["sync"]);
    const files = pathsIn(cvs);
    const few = files.slice(0, 100);
    const latency = ["--latency", String(LATENCY_MS)];
    const workers = ["--bulk", "--workers", String(WORKERS)];

    const runs = await inRounds({
      curl: () => curlRun(files, scratch, []),
      unhindered: () => firstRun(cvs, scratch, { server: [], args: workers, trusts: true }),
      unhinderedAsking: () => firstRun(cvs, scratch, { server: [], args: workers }),
      curlAtLatency: () => curlRun(files, scratch, latency),
      atLatency: () => firstRun(cvs, scratch, { server: latency, args: workers, trusts: true }),
      asking: () => firstRun(cvs, scratch, { server: latency, args: workers }),
      singly: () => firstRun(cvs, scratch, { server: latency, args: ["--workers", "5"] }),
      batched: () =>
        firstRun(cvs, scratch, { server: [...latency, "--batch"], args: ["--bulk", "--workers", "5"] }),
    });
    const sequentialMs = median([
      await sequentialRun(files, scratch, []),
      await sequentialRun(files, scratch, []),
    ]);
    const sequentialFewMs = await sequentialRun(few, scratch, latency);
    const second = await secondRuns(many, scratch);
    const manyInBatches = await firstRun(many, scratch, { server: ["--batch"], args: workers });
    const mostInBatches = await firstRun(most, scratch, { server: ["--batch"], args: workers });
    const mostSingly = await firstRun(most, scratch, { server: [], args: ["--workers", String(WORKERS)] });

    const idealMs = Math.ceil(FILES / WORKERS) * LATENCY_MS;
    const results = {
      machine: machine(),
      files: FILES,
      bytes: tree.bytes,
      rounds: ROUNDS,
      ratios: {
        "20 workers at 50 ms, against ceil(N/workers) x latency": runs.atLatency.wallMs / idealMs,
        "curl --parallel at 50 ms, against the same": runs.curlAtLatency.wallMs / idealMs,
        "20 workers at 50 ms, against curl --parallel": runs.atLatency.wallMs / runs.curlAtLatency.wallMs,
        "the same, where each content is asked for first": runs.asking.wallMs / runs.curlAtLatency.wallMs,
        "20 workers without latency, against curl --parallel": runs.unhindered.wallMs / runs.curl.wallMs,
        "the same without latency, where each content is asked for first":
          runs.unhinderedAsking.wallMs / runs.curl.wallMs,
        "sequential client against it, without latency": sequentialMs / runs.unhindered.wallMs,
        "sequential client against it, at 50 ms, a file":
          sequentialFewMs / few.length / (runs.atLatency.wallMs / FILES),
        "5 workers at 50 ms, singly against in batches": runs.singly.wallMs / runs.batched.wallMs,
      },
      second_run_10000_ms: second.wallMs,
      second_run_10000_cpu_ms: second.cpuMs,
      peak_mib: {
        "1,000 files of 20-400 KB at 50 ms, 20 workers": runs.atLatency.peakBytes / MIB,
        "the same, where each content is asked for first": runs.asking.peakBytes / MIB,
        "the same without latency": runs.unhinderedAsking.peakBytes / MIB,
        "10,000 small files in batches": manyInBatches.peakBytes / MIB,
        "100,000 small files in batches": mostInBatches.peakBytes / MIB,
        "100,000 small files singly": mostSingly.peakBytes / MIB,
        "10,000 known files": second.peakBytes / MIB,
      },
      small_files_per_s: {
        "100,000 in batches": 100_000_000 / mostInBatches.wallMs,
        "100,000 singly": 100_000_000 / mostSingly.wallMs,
      },
    };
    await Bun.write(join(ROOT, "bench/results/sync.json"), `${JSON.stringify(results, null, 2)}\n`);
    await Bun.write(Bun.stdout, `${JSON.stringify(results, null, 2)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
