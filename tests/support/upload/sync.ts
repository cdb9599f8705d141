import type { Sandbox } from "../../../src/upload/sandbox/server.ts";
import type { SyncResult } from "../../../src/upload/report/tally.ts";
import { BINARY } from "../binary.ts";
import { cleanEnvironment, type Run, runCommand } from "../run.ts";
import type { TempFolder } from "../temp.ts";

/** What a sync of the compiled binary against a test's sandbox needs. */
export interface SyncCase {
  readonly home: TempFolder;
  readonly sandbox: Pick<Sandbox, "url" | "apiKey">;
}

export function syncEnvironment({ home, sandbox }: SyncCase): Record<string, string> {
  return cleanEnvironment({
    HOME: home.path,
    TANOVA_API_KEY: sandbox.apiKey,
    NODUPE_SYNC_URL: sandbox.url,
    // Test files are new; only tests of settling wait for them.
    NODUPE_SYNC_SETTLE: "0ms",
  });
}

export function syncCommand(args: readonly string[]): string[] {
  return [BINARY, "sync", "--json", ...args];
}

/** Runs `nodupe sync --json` to its end. */
export function sync(
  test: SyncCase,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Run> {
  return runCommand(syncCommand(args), { env: { ...syncEnvironment(test), ...env } });
}

export function resultOf(run: Pick<Run, "stdout" | "stderr">): SyncResult {
  const lines = run.stdout.trimEnd().split("\n");
  if (lines.length !== 1 || run.stdout === "")
    throw new Error(`expected one line of JSON, found ${JSON.stringify(run.stdout)}; stderr: ${run.stderr}`);
  return JSON.parse(run.stdout) as SyncResult;
}

/** The sum promised by the contract: every CV found ended in exactly one way. */
export function isSumRight(result: SyncResult): boolean {
  const { found, uploaded, duplicate_local, duplicate_remote, failed } = result;
  return uploaded + duplicate_local + duplicate_remote + failed === found;
}

/** Starts `nodupe sync --json` and leaves it running. */
export function startSync(test: SyncCase, args: readonly string[], env: Record<string, string> = {}) {
  return Bun.spawn(syncCommand(args), {
    env: { ...syncEnvironment(test), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}
