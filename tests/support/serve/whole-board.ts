import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { DEBUG_LOG, writeLog } from "../../../src/bench/generate-log.ts";
import { startSandbox, type Sandbox } from "../../../src/upload/sandbox/server.ts";
import { ntpServer } from "../time/ntp.ts";
import { type Served, startServe } from "./serve.ts";
import type { TempFolder } from "../temp.ts";

const HOUR_MS = 3_600_000;
/** Long enough for an upload to be observed in flight. */
const UPLOAD_MS = 1_500;

/** A log with this many operations, ending now. */
export async function recentLog(path: string, seed: number, operations = 300): Promise<void> {
  await writeLog(path, {
    ...DEBUG_LOG,
    seed,
    operations,
    startMs: Date.now() - HOUR_MS,
    spanMs: HOUR_MS,
  });
}

export interface WholeBoard extends AsyncDisposable {
  readonly served: Served;
  readonly sandbox: Sandbox;
  /** The folder being uploaded. */
  readonly cvs: string;
  readonly db: string;
  /** Appends lines to a node's log. */
  append(node: "pi-1" | "pi-2", log: string): Promise<void>;
}

/** One process that serves, measures the clock, uploads a folder and follows two logs, with the test's own servers. */
export async function startWholeBoard(
  folder: TempFolder,
  env: Readonly<Record<string, string>> = {},
): Promise<WholeBoard> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox({ latencyMs: UPLOAD_MS }));
  const clock = stack.use(await ntpServer());
  const cvs = folder.file("cvs");
  mkdirSync(cvs);
  writeFileSync(folder.file("cvs", "first.txt"), "first");
  for (const [seed, node] of ["pi-1", "pi-2"].entries()) await recentLog(folder.file(`${node}.log`), seed);
  const db = folder.file("store.db");
  const followed = ["pi-1", "pi-2"].flatMap((node) => ["--follow", `${node}=${folder.file(`${node}.log`)}`]);
  const served = stack.use(
    await startServe(["--db", db, "--time", "--sync", cvs, ...followed], {
      TANOVA_URL: sandbox.url,
      TANOVA_API_KEY: sandbox.apiKey,
      NODUPE_TIME_SERVER: `${clock.address}:${clock.port}`,
      NODUPE_TIME_INTERVAL: "1s",
      NODUPE_SYNC_SETTLE: "100ms",
      ...env,
    }),
  );
  const owned = stack.move();
  return {
    served,
    sandbox,
    cvs,
    db,
    append: async (node, log) => {
      appendFileSync(folder.file(`${node}.log`), await Bun.file(log).text());
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
