// The API client compared with curl and with fetch: the same files to the same sandbox, 20 at once, no latency.
// Both clients in Bun hash what they send, curl does not. `bun bench/upload-client.ts` prints ratios and writes
// bench/results/upload-client.json.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createTanovaClient } from "../src/upload/tanova/client.ts";
import { mimeTypeOf } from "../src/upload/tanova/multipart.ts";
import { machine, middle, peakBytesOf, type Sample, timed } from "./support.ts";

const ROOT = resolve(import.meta.dir, "..");
const FILES = 1_000;
const WORKERS = 20;
const ROUNDS = 3;
const KEY = "tanova_sk_bench";

/** A file of the set: 20–400 KB, the same in every run. */
function contentOf(index: number): Buffer {
  const bytes = Buffer.alloc(20_000 + ((index * 2_654_435_761) % 380_001));
  return bytes.fill(new Bun.CryptoHasher("sha512").update(String(index)).digest());
}

/** Uploads the whole set with one client, in its own process; prints its sample. */
async function upload(client: string, url: string, folder: string): Promise<void> {
  const checksums = readFileSync(join(folder, "checksums"), "utf8").trimEnd().split("\n");
  using tanova = createTanovaClient({
    url,
    apiKey: KEY,
    connectTimeoutMs: 5_000,
    silenceTimeoutMs: 60_000,
    checkTimeoutMs: 5_000,
  });
  const { signal } = new AbortController();
  const send = async (index: number): Promise<boolean> => {
    const [path, filename, checksum] = [join(folder, `${index}.pdf`), `${index}.pdf`, checksums[index] ?? ""];
    if (client === "socket") {
      const body = { type: "file", path } as const;
      const sizeBytes = Bun.file(path).size;
      const outcome = await tanova.upload(
        { checksum, filename, jobHint: null, email: null, sizeBytes, body },
        signal,
      );
      return outcome.type === "stored";
    }
    const form = new FormData();
    form.set("checksum", checksum);
    const bytes = await Bun.file(path).bytes();
    // Our client hashes what it sends, so this one does too; curl does not.
    if (new Bun.CryptoHasher("sha256").update(bytes).digest("hex") !== checksum) return false;
    form.set("file", new File([bytes], filename, { type: mimeTypeOf(filename) }));
    const headers = { "X-Tanova-API-Key": KEY };
    return (await fetch(`${url}/api/sync/upload`, { method: "POST", body: form, headers })).ok;
  };
  const startMs = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < FILES) {
      next += 1;
      if (!(await send(next - 1))) throw new Error(`file ${next - 1} was not stored`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  const { user, system } = process.cpuUsage();
  const sample: Sample = {
    wallMs: performance.now() - startMs,
    cpuMs: (user + system) / 1_000,
    peakBytes: peakBytesOf("self"),
  };
  await Bun.write(Bun.stdout, JSON.stringify(sample));
}

async function runCurl(url: string, folder: string): Promise<Sample> {
  const checksums = readFileSync(join(folder, "checksums"), "utf8").trimEnd().split("\n");
  const config = checksums.map((checksum, index) =>
    [
      `url=${url}/api/sync/upload`,
      `header="X-Tanova-API-Key: ${KEY}"`,
      `form=checksum=${checksum}`,
      `form=file=@${join(folder, `${index}.pdf`)}`,
      "output=/dev/null\nsilent\nfail",
    ].join("\n"),
  );
  const command = ["curl", "--parallel", "--parallel-max", String(WORKERS), "--no-progress-meter", "-K", "-"];
  return timed(command, { stdin: config.join("\nnext\n") });
}

/** Runs with a fresh sandbox, stopped afterwards. */
async function withSandbox<T>(run: (url: string) => Promise<T>): Promise<T> {
  const child = Bun.spawn(
    [process.execPath, "src/main.ts", "sandbox", "--json", "-q", "--listen", "127.0.0.1:0"],
    {
      cwd: ROOT,
      env: { ...process.env, NODUPE_SANDBOX_API_KEY: KEY },
      stdout: "pipe",
    },
  );
  try {
    const { value } = await child.stdout.getReader().read();
    const { url } = JSON.parse(Buffer.from(value ?? []).toString()) as { url: string };
    const result = await run(url);
    const stats = (await (await fetch(`${url}/sandbox/stats`)).json()) as { stored: number; repeats: number };
    if (stats.stored !== FILES || stats.repeats !== 0) throw new Error(`stored ${stats.stored} of ${FILES}`);
    return result;
  } finally {
    child.kill();
    await child.exited;
  }
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "nodupe-bench-"));
  try {
    const checksums = Array.from({ length: FILES }, (_, index) => {
      const content = contentOf(index);
      writeFileSync(join(folder, `${index}.pdf`), content);
      return new Bun.CryptoHasher("sha256").update(content).digest("hex");
    });
    writeFileSync(join(folder, "checksums"), checksums.join("\n"));
    const samples: Record<string, Sample[]> = { curl: [], socket: [], fetch: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      samples["curl"]?.push(await withSandbox((url) => runCurl(url, folder)));
      for (const client of ["socket", "fetch"]) {
        const command = (url: string): string[] => [process.execPath, import.meta.path, client, url, folder];
        const { stdout } = await withSandbox((url) => timed(command(url)));
        samples[client]?.push(JSON.parse(stdout) as Sample);
      }
    }
    const curlMs = middle(samples["curl"] ?? []).wallMs;
    const clients = Object.entries(samples).map(([name, of]) => {
      const { wallMs, cpuMs, peakBytes } = middle(of);
      return { name, wall_ms: wallMs, times_curl: wallMs / curlMs, cpu_ms: cpuMs, peak_bytes: peakBytes };
    });
    const results = join(ROOT, "bench/results");
    mkdirSync(results, { recursive: true });
    writeFileSync(
      join(results, "upload-client.json"),
      `${JSON.stringify({ machine: machine(), clients }, null, 2)}\n`,
    );
    await Bun.write(Bun.stdout, `${Bun.inspect.table(clients)}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [client, url, folder] = process.argv.slice(2);
if (client === undefined || url === undefined || folder === undefined) await compare();
else await upload(client, url, folder);
