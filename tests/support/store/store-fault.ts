import { mkdirSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../upload/cvs.ts";
import { patient } from "../emulation.ts";
import { programPath } from "../programs.ts";
import { cleanEnvironment } from "../run.ts";
import { resultOf, sync, syncCommand, syncEnvironment } from "../upload/sync.ts";
import { tempFolder } from "../temp.ts";

/** A fault of the disk under a store: a call that fails, once or from then on; or a limit on file size. */
export type StoreFault =
  | {
      readonly type: "call";
      readonly call: "pwrite64" | "fsync" | "ftruncate";
      readonly error: "EIO" | "ENOSPC" | "EINTR";
      /** In strace's syntax: `7` is only the seventh call, `7+` that and all later ones. */
      readonly when: string;
    }
  /** A write beyond the limit is short, and the next one fails. */
  | { readonly type: "limit"; readonly kilobytes: number };

export interface Faulted {
  readonly fault: StoreFault;
  readonly exitCode: number | null;
  readonly hung: boolean;
  /** As reported by the run; null if it ended before that. */
  readonly uploaded: number | null;
  /** At the server when the run had ended. */
  readonly stored: number;
  readonly repeats: number;
  /** At the server after another run without faults; each is there once. */
  readonly storedInTheEnd: number;
  readonly contents: number;
  readonly said: string;
}

const FILES = 24;
const HANGS_AFTER_MS = 60_000;

function commandFor(fault: StoreFault, db: string, command: readonly string[]): string[] {
  if (fault.type === "limit")
    // The signal for exceeding the limit is ignored, so that the call itself fails, as on a full disk.
    return ["sh", "-c", `trap '' XFSZ; ulimit -f ${fault.kilobytes * 2}; exec "$@"`, "sh", ...command];
  const { call, error, when } = fault;
  const ours = ["", "-wal", "-journal"].flatMap((end) => ["-P", `${db}${end}`]);
  const injected = ["-e", `trace=${call}`, "-e", `inject=${call}:error=${error}:when=${when}`];
  return [programPath("strace"), "-f", "-qqq", "-o", "/dev/null", ...ours, ...injected, ...command];
}

/** Uploads CVs with a store whose disk fails, then again with one that does not. */
export async function syncWithFault(fault: StoreFault): Promise<Faulted> {
  using home = tempFolder();
  mkdirSync(home.file("cvs"));
  mkdirSync(home.file("store"), { mode: 0o700 });
  const tree = writeCvs(home.file("cvs"), { files: FILES, duplicateEvery: 8 });
  using sandbox = await startSandbox({ refusesDuplicates: false, latencyMs: 3 });
  const db = home.file("store", "nodupe.db");
  const args = [
    "--db",
    db,
    "--workers",
    "3",
    "--retry-delay",
    "20ms",
    "--ambiguous-wait",
    "300ms",
    home.file("cvs"),
  ];
  const child = Bun.spawn(commandFor(fault, db, syncCommand(args)), {
    env: cleanEnvironment(syncEnvironment({ home, sandbox })),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, patient(HANGS_AFTER_MS));
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  clearTimeout(timer);
  const uploaded = stdout === "" ? null : resultOf({ stdout, stderr }).uploaded;
  const stored = sandbox.stored().size;
  await sync({ home, sandbox }, args);
  return {
    fault,
    exitCode,
    hung,
    uploaded,
    stored,
    repeats: sandbox.stats().repeats,
    storedInTheEnd: sandbox.stored().size,
    contents: tree.contents.size,
    said: stderr.trim(),
  };
}

/** The promise that was broken; null if none. */
export function faultOf(run: Faulted): string | null {
  if (run.hung) return "it hung";
  if ((run.uploaded ?? 0) !== run.stored) return `it reported ${run.uploaded}, the server has ${run.stored}`;
  if (run.repeats > 0) return `${run.repeats} were sent twice`;
  if (run.storedInTheEnd !== run.contents)
    return `in the end ${run.storedInTheEnd} of ${run.contents} are there`;
  if (run.exitCode !== 0 && run.said === "") return "it failed without a word";
  return null;
}
