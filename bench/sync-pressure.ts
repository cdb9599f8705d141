// `nodupe sync` under pressure: against a server that accepts three uploads at once and refuses the rest (429,
// with and without Retry-After), and --workers auto compared with a fixed 20 on an idle and on a busy machine.
// `bun bench/sync-pressure.ts [FILES]` prints ratios and writes bench/results/sync-pressure.json.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { median } from "../src/bench/measure/statistics.ts";
import { writeCvs } from "../tests/support/upload/cvs.ts";
import { resultOf } from "../tests/support/upload/sync.ts";
import { machine, timed } from "./support.ts";

const ROOT = resolve(import.meta.dir, "..");
const BINARY = join(ROOT, "dist/nodupe");
const FILES = Number(Bun.argv[2] ?? 1_000);
const KEY = "tanova_sk_bench";
const ROOM = 3;
const LIMITED_LATENCY_MS = 200;
const ROUNDS = 5;
const SPINNING = 4;

interface Outcome {
  readonly wallMs: number;
  readonly failed: number;
  readonly retries: number;
}

async function upload(folder: string, server: readonly string[], workers: string): Promise<Outcome> {
  const child = Bun.spawn([BINARY, "sandbox", "--json", "--listen", "127.0.0.1:0", ...server], {
    env: { ...process.env, NODUPE_SANDBOX_API_KEY: KEY },
    stdout: "pipe",
    stderr: "ignore",
  });
  const scratch = mkdtempSync(join(tmpdir(), "nodupe-store-"));
  try {
    const { value } = await child.stdout.getReader().read();
    const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
    const store = join(scratch, "nodupe.db");
    const command = [
      BINARY,
      "sync",
      "-q",
      "--json",
      "--db",
      store,
      "--url",
      url,
      "--workers",
      workers,
      folder,
    ];
    const run = await timed(command, { env: { TANOVA_API_KEY: KEY }, mayFail: true });
    const { failed, retries } = resultOf({ stdout: run.stdout, stderr: "" });
    return { wallMs: run.wallMs, failed, retries };
  } finally {
    child.kill("SIGKILL");
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Against a server with room for three: the ratio to the ideal time of three at once without a pause. */
async function limited(folder: string): Promise<Record<string, object>> {
  const idealMs = Math.ceil(FILES / ROOM) * LIMITED_LATENCY_MS;
  const server = ["--latency", String(LIMITED_LATENCY_MS), "--max-in-flight", String(ROOM), "--retry-after"];
  const cases = ["5", "20"].flatMap((workers) =>
    ["none", "1"].map((retryAfter) => ({ workers, retryAfter })),
  );
  const outcomes = await Promise.all(
    cases.map(async ({ workers, retryAfter }) => {
      const { wallMs, failed, retries } = await upload(folder, [...server, retryAfter], workers);
      return [
        `--workers ${workers}, Retry-After ${retryAfter}`,
        { ratio: wallMs / idealMs, failed, retries },
      ];
    }),
  );
  return Object.fromEntries(outcomes) as Record<string, object>;
}

/** auto compared with a fixed 20, round after round, so that other load affects both. */
async function auto(folder: string): Promise<{ median: number; worst: number }> {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const fixed = await upload(folder, ["--latency", "50"], "20");
    ratios.push((await upload(folder, ["--latency", "50"], "auto")).wallMs / fixed.wallMs);
  }
  return { median: median(ratios), worst: Math.max(...ratios) };
}

const folder = mkdtempSync(join(tmpdir(), "nodupe-cvs-"));
try {
  writeCvs(folder, { files: FILES });
  // Files are only taken at once if they have not changed for a second.
  await Bun.sleep(1_100);
  const idle = await auto(folder);
  const spinning = Array.from({ length: SPINNING }, () => Bun.spawn(["sh", "-c", "while :; do :; done"]));
  const busy = await auto(folder).finally(() => {
    for (const child of spinning) child.kill("SIGKILL");
  });
  const results = {
    machine: machine(),
    files: FILES,
    three_in_flight: await limited(folder),
    auto_against_fixed_20: { idle, busy },
  };
  const text = `${JSON.stringify(results, null, 2)}\n`;
  await Bun.write(join(ROOT, "bench/results/sync-pressure.json"), text);
  await Bun.write(Bun.stdout, text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
