import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { programPath } from "../../programs.ts";
import { type Run, runCommand, type RunOptions } from "../../run.ts";
import { tempFolder } from "../../temp.ts";

/** What a process did to files below a folder and what it sent, in order. */
export type Op =
  | { readonly type: "create" | "unlink"; readonly path: string }
  | { readonly type: "write"; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly type: "truncate"; readonly path: string; readonly size: number }
  /** A completed sync of a file or folder: everything written to it before is on the disk. */
  | { readonly type: "sync"; readonly path: string }
  | { readonly type: "send"; readonly socket: string; readonly bytes: Buffer };

const CALLS =
  "openat,open,creat,pwrite64,pwritev,write,writev,ftruncate,fdatasync,fsync,unlink,unlinkat,rename,renameat,renameat2,sendto,sendmsg";
/** strace prints every byte as \xHH. */
const LINE = /^\d+ +(\w+)\((.*)$/;
const TEXT = /"((?:\\x[0-9a-f]{2})*)"/;
const FILE = /<((?:\\x[0-9a-f]{2})*|[^>]*)>/;
/** SQLite's index of its log is in shared memory and is rebuilt after a crash. */
const IGNORED = /-shm$/;

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll("\\x", ""), "hex");
}

function textOf(hex: string): string {
  return hex.startsWith("\\x") ? bytesOf(hex).toString("utf8") : hex;
}

/** The calls in the order in which they ended; calls split in the output by other threads are joined. */
function* callsOf(log: string): Generator<readonly [name: string, rest: string]> {
  const unfinished = new Map<string, string>();
  for (const line of log.split("\n")) {
    const thread = line.slice(0, line.indexOf(" "));
    const resumed = /<\.\.\. (\w+) resumed>(.*)$/.exec(line);
    if (resumed !== null) {
      const begun = unfinished.get(thread) ?? "";
      unfinished.delete(thread);
      yield [resumed[1] ?? "", `${begun}${resumed[2]}`];
      continue;
    }
    const [, name, rest] = LINE.exec(line) ?? [];
    if (name === undefined || rest === undefined) continue;
    if (!rest.endsWith("<unfinished ...>")) yield [name, rest];
    // Bytes may be sent as soon as the call begins.
    else if (name === "sendto") yield [name, `${rest.replace("<unfinished ...>", "")} = 0`];
    else unfinished.set(thread, rest.replace("<unfinished ...>", ""));
  }
}

/** The operations on files below `folder`, and what was sent. Paths are absolute. */
function opsOf(log: string, folder: string): Op[] {
  const ops: Op[] = [];
  const existing = new Set<string>();
  const sizes = new Map<string, number>();
  const isOurs = (path: string): boolean => path.startsWith(`${folder}/`) && !IGNORED.test(path);
  for (const [name, rest] of callsOf(log)) {
    if (/ = -1 E\w+/.test(rest)) continue;
    const handle = textOf(FILE.exec(rest)?.[1] ?? "");
    const text = TEXT.exec(rest)?.[1] ?? "";
    switch (name) {
      case "open":
      case "openat":
      case "creat": {
        const path = textOf(text);
        if (!isOurs(path)) break;
        if (rest.includes("O_TRUNC") || name === "creat") ops.push({ type: "truncate", path, size: 0 });
        if (rest.includes("O_CREAT") && !existing.has(path)) ops.push({ type: "create", path });
        existing.add(path);
        break;
      }
      case "pwrite64": {
        if (!isOurs(handle)) break;
        const at = Number(/, \d+, (\d+)\) /.exec(rest)?.[1]);
        ops.push({ type: "write", path: handle, at, bytes: bytesOf(text) });
        break;
      }
      case "write": {
        if (!isOurs(handle)) break;
        const at = sizes.get(handle) ?? 0;
        const bytes = bytesOf(text);
        sizes.set(handle, at + bytes.length);
        ops.push({ type: "write", path: handle, at, bytes });
        break;
      }
      case "ftruncate":
        if (isOurs(handle))
          ops.push({ type: "truncate", path: handle, size: Number(/, (\d+)\) /.exec(rest)?.[1]) });
        break;
      case "fsync":
      case "fdatasync":
        if (isOurs(handle) || handle === folder) ops.push({ type: "sync", path: handle });
        break;
      case "unlink":
      case "unlinkat": {
        const path = textOf(text);
        if (!isOurs(path)) break;
        existing.delete(path);
        ops.push({ type: "unlink", path });
        break;
      }
      case "sendto":
        ops.push({ type: "send", socket: handle, bytes: bytesOf(text) });
        break;
      default:
        // A call that is not understood must not be ignored: the store's integrity could depend on it.
        if (isOurs(handle) || isOurs(textOf(text)) || name === "sendmsg")
          throw new Error(`Cannot replay ${name}(${rest.slice(0, 200)}`);
    }
  }
  return ops;
}

export interface Recorded {
  readonly ops: readonly Op[];
  readonly run: Run;
}

/** Runs a command and records what it writes below the folder of `path` and what it sends. */
export async function record(
  command: readonly string[],
  path: string,
  options: RunOptions = {},
): Promise<Recorded> {
  using folder = tempFolder();
  const log = folder.file("strace.log");
  const traced = ["-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "1000000", "-e", "signal=none"];
  const run = await runCommand(
    [programPath("strace"), ...traced, "-e", `trace=${CALLS}`, "-o", log, ...command],
    options,
  );
  return { ops: opsOf(readFileSync(log, "latin1"), dirname(path)), run };
}
