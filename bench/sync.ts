// `nodupe sync` as people run it, against what it could reach and against other clients, in one run: the compiled
// binary, a sandbox in a process of its own, the same files for all. `bun bench/sync.ts` prints ratios and writes
// bench/results/sync.json. It takes about two minutes; only ratios mean anything on a machine that does other things.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { basename, join, resolve } from "node:path";
import { globFilter } from "../src/upload/scan/filter.ts";
import { openRoot, scan } from "../src/upload/scan/scan.ts";
import { writeCvs } from "../tests/support/cvs.ts";

const ROOT = resolve(import.meta.dir, "..");
const BINARY = join(ROOT, "dist/nodupe");
const LATENCY_MS = 50;
const FILES = 1_000;
const WORKERS = 20;
const ROUNDS = 3;
const KEY = "tanova_sk_bench";

interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMib: number;
}

interface Server extends Disposable {
  readonly url: string;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function middle(samples: readonly Sample[]): Sample {
  return {
    wallMs: median(samples.map(({ wallMs }) => wallMs)),
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
    peakMib: median(samples.map(({ peakMib }) => peakMib)),
  };
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

async function timed(command: readonly string[]): Promise<Sample> {
  const startMs = performance.now();
  const child = Bun.spawn([...command], {
    env: { ...process.env, TANOVA_API_KEY: KEY },
    stdout: "ignore",
    stderr: "pipe",
  });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ").slice(0, 200)}: ${said}`);
  const wallMs = performance.now() - startMs;
  const usage = child.resourceUsage();
  const cpuMs = Number(usage?.cpuTime.total ?? 0) / 1_000;
  return { wallMs, cpuMs, peakMib: (usage?.maxRSS ?? 0) / 1024 ** 2 };
}

function syncCommand(folder: string, store: string, url: string, args: readonly string[]): string[] {
  return [BINARY, "sync", "-q", "--json", "--db", store, "--url", url, ...args, folder];
}

/** A store and a server that know nothing, each round. */
async function firstRuns(
  folder: string,
  scratch: string,
  server: readonly string[],
  args: readonly string[],
): Promise<Sample> {
  const samples: Sample[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    using sandbox = await startServer(server);
    const store = mkdtempSync(join(scratch, "store-"));
    samples.push(await timed(syncCommand(folder, join(store, "nodupe.db"), sandbox.url, args)));
  }
  return middle(samples);
}

function filesOf(folder: string): string[] {
  return [...scan(openRoot(folder), globFilter([], []))].flatMap((event) =>
    event.type === "file" ? [event.file.path] : [],
  );
}

/** Uploads only, checksums told beforehand: what a well-made C program needs for the sending alone. */
async function curlRuns(files: readonly string[], scratch: string): Promise<Sample> {
  const samples: Sample[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    using sandbox = await startServer([]);
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
    samples.push(
      await timed(["curl", "-s", "--parallel", "--parallel-max", String(WORKERS), "--config", file]),
    );
  }
  return middle(samples);
}

/** One file after the other, a check and an upload each, and the whole history written anew after every file. */
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

/** The second start over files that are all known. */
async function secondRun(folder: string, scratch: string): Promise<{ first: Sample; second: Sample }> {
  using sandbox = await startServer(["--batch"]);
  const command = syncCommand(folder, join(scratch, "second.db"), sandbox.url, ["--bulk"]);
  const first = await timed(command);
  const samples: Sample[] = [];
  for (let round = 0; round < 5; round += 1) samples.push(await timed(command));
  return { first, second: middle(samples) };
}

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "nodupe-bench-"));
  try {
    const cvs = join(scratch, "cvs");
    const many = join(scratch, "many");
    for (const folder of [cvs, many]) mkdirSync(folder);
    const tree = writeCvs(cvs, { files: FILES, minBytes: 20_000, maxBytes: 400_000 });
    writeCvs(many, { files: 10_000, minBytes: 500, maxBytes: 2_000, seed: 2 });
    const files = filesOf(cvs);
    const latency = ["--latency", String(LATENCY_MS)];
    const workers = ["--bulk", "--workers", String(WORKERS)];

    const atLatency = await firstRuns(cvs, scratch, latency, workers);
    const unhindered = await firstRuns(cvs, scratch, [], workers);
    const curl = await curlRuns(files, scratch);
    const sequentialMs = await sequentialRun(files, scratch, []);
    const few = files.slice(0, 100);
    const sequentialFewMs = await sequentialRun(few, scratch, latency);
    const singly = await firstRuns(cvs, scratch, latency, ["--workers", "5"]);
    const batched = await firstRuns(cvs, scratch, [...latency, "--batch"], ["--bulk", "--workers", "5"]);
    const { first: manyFirst, second } = await secondRun(many, scratch);

    const idealMs = Math.ceil(FILES / WORKERS) * LATENCY_MS;
    const ratios = {
      "20 workers at 50 ms, against ceil(N/workers) x latency": atLatency.wallMs / idealMs,
      "20 workers without latency, against curl --parallel": unhindered.wallMs / curl.wallMs,
      "sequential client against it, without latency": sequentialMs / unhindered.wallMs,
      "sequential client against it, at 50 ms, a file":
        sequentialFewMs / few.length / (atLatency.wallMs / FILES),
      "5 workers at 50 ms, singly against in batches": singly.wallMs / batched.wallMs,
    };
    const results = {
      machine: { cpu: cpus()[0]?.model ?? null, cores: cpus().length, memory_bytes: totalmem() },
      files: FILES,
      bytes: tree.bytes,
      rounds: ROUNDS,
      ratios,
      second_run_10000_ms: second.wallMs,
      second_run_10000_cpu_ms: second.cpuMs,
      peak_mib: {
        "1,000 files of 20-400 KB at 50 ms, 20 workers": atLatency.peakMib,
        "the same without latency": unhindered.peakMib,
        "10,000 small files in batches": manyFirst.peakMib,
        "10,000 known files": second.peakMib,
      },
    };
    await Bun.write(join(ROOT, "bench/results/sync.json"), `${JSON.stringify(results, null, 2)}\n`);
    await Bun.write(Bun.stdout, `${JSON.stringify(results, null, 2)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
