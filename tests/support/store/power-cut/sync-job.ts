import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../../upload/cvs.ts";
import { freeTcpPort } from "../../net/free-port.ts";
import { runCommand } from "../../run.ts";
import { resultOf, syncCommand, syncEnvironment } from "../../upload/sync.ts";
import { tempFolder } from "../../temp.ts";
import { until } from "../../until.ts";
import type { CutJob, Wrong } from "./cut-job.ts";
import { type Op, record } from "./recording.ts";

const FILES = 30;
const KEY = "tanova_sk_power_cut_0123456789abcdef";
const PATIENCE = ["--workers", "4", "--retry-delay", "20ms"];
/** For this long after the power is back, the server is still processing what it received, and reports it as absent. */
const PROCESSING_MS = 300;
/** How much longer an upload that was in flight is looked for: by then the server has it or never will. */
const LOOKED_FOR_MS = 1_000;

/**
 * The contents of which a complete request was sent before operation `cut`: the server may have stored each of them.
 */
function sentWhole(ops: readonly Op[], cut: number): Set<string> {
  const streams = new Map<string, Buffer[]>();
  for (const op of ops.slice(0, cut)) {
    if (op.type !== "send") continue;
    const pieces = streams.get(op.socket);
    if (pieces === undefined) streams.set(op.socket, [op.bytes]);
    else pieces.push(op.bytes);
  }
  const checksums = new Set<string>();
  for (const pieces of streams.values()) {
    let rest = Buffer.concat(pieces).toString("latin1");
    for (;;) {
      const headEnd = rest.indexOf("\r\n\r\n");
      if (headEnd < 0) break;
      const head = rest.slice(0, headEnd);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const body = rest.slice(headEnd + 4, headEnd + 4 + length);
      if (body.length < length) break;
      const checksum = /name="checksum"\r\n\r\n([0-9a-f]{64})\r\n/.exec(body)?.[1];
      if (/^POST \S*\/upload /.test(head) && checksum !== undefined) checksums.add(checksum);
      rest = rest.slice(headEnd + 4 + length);
    }
  }
  return checksums;
}

function doneIn(path: string): Set<string> {
  using db = new Database(path, { readonly: true });
  const rows = db.query<{ checksum: string }, []>("SELECT checksum FROM content WHERE state = 'done'").all();
  return new Set(rows.map(({ checksum }) => checksum));
}

/** The contents of a tree, by checksum. */
function contentsOf(folder: string): Map<string, Uint8Array<ArrayBuffer>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map(({ parentPath, name }) => {
      const bytes = new Uint8Array(readFileSync(join(parentPath, name)));
      return [new Bun.CryptoHasher("sha256").update(bytes).digest("hex"), bytes];
    }),
  );
}

/** Passes to the server what had reached it before the cut, without waiting for the result. */
async function handIn(
  sandbox: Sandbox,
  contents: readonly (readonly [string, Uint8Array<ArrayBuffer>])[],
): Promise<void> {
  for (const [checksum, bytes] of contents) {
    const form = new FormData();
    form.append("checksum", checksum);
    form.append("file", new File([bytes], "cv.pdf"));
    const headers = { "x-tanova-api-key": sandbox.apiKey };
    fetch(`${sandbox.url}/api/sync/upload`, { method: "POST", body: form, headers }).catch(() => undefined);
  }
  await until(() => sandbox.stored().size === contents.length, "the server has what was sent");
}

/** Uploading CVs to a server that accepts duplicates: nothing may arrive twice, and nothing done may be missing. */
export async function syncJob(): Promise<CutJob> {
  const home = tempFolder();
  mkdirSync(home.file("cvs"));
  const tree = writeCvs(home.file("cvs"), { files: FILES, duplicateEvery: 9, maxBytes: 6_000 });
  mkdirSync(home.file("store"), { mode: 0o700 });
  const db = home.file("store", "nodupe.db");
  const contents = contentsOf(home.file("cvs"));
  const commandWith = (...more: string[]) =>
    syncCommand([...PATIENCE, ...more, "--db", db, home.file("cvs")]);
  const port = await freeTcpPort();
  const first = await startSandbox({ port, apiKey: KEY, refusesDuplicates: false, latencyMs: 2 });
  const env = syncEnvironment({ home, sandbox: first });
  const { ops, run } = await record(commandWith(), db, { env });
  const recordedMs = performance.now();
  first[Symbol.dispose]();
  if (run.exitCode !== 0) throw new Error(`Cannot record an upload: ${run.stderr}`);

  const check = async (cut: number): Promise<readonly Wrong[]> => {
    const wrong: Wrong[] = [];
    const there = sentWhole(ops, cut);
    using sandbox = await startSandbox({
      port,
      apiKey: KEY,
      refusesDuplicates: false,
      processingMs: PROCESSING_MS,
    });
    // Opens the store first: what SQLite recovers is what the next run finds.
    const opened = await runCommand(commandWith("--dry-run"), { env });
    if (opened.exitCode !== 0) return [{ type: "refused", what: opened.stderr.trim() }];
    const lost = [...doneIn(db)].filter((checksum) => !there.has(checksum));
    if (lost.length > 0) wrong.push({ type: "lost", what: `${lost.length} are done, and were never sent` });
    await handIn(
      sandbox,
      [...contents].filter(([checksum]) => there.has(checksum)),
    );
    // The program counts the wait from the time of sending recorded in the store.
    const patienceMs = Math.round(performance.now() - recordedMs) + LOOKED_FOR_MS;
    const again = await runCommand(commandWith("--ambiguous-wait", `${patienceMs}ms`), { env });
    if (again.exitCode !== 0)
      wrong.push({ type: "refused", what: `exit ${again.exitCode}: ${again.stderr}${again.stdout}` });
    const { uploaded } = again.stdout === "" ? { uploaded: 0 } : resultOf(again);
    const { repeats } = sandbox.stats();
    if (repeats > 0) wrong.push({ type: "repeated", what: `${repeats} of ${uploaded} uploads` });
    const missing = [...tree.contents.keys()].filter((checksum) => sandbox.stored().get(checksum) !== 1);
    if (repeats === 0 && missing.length > 0)
      wrong.push({ type: "lost", what: `${missing.length} are not at the server` });
    if (doneIn(db).size !== tree.contents.size) wrong.push({ type: "lost", what: "not all are done" });
    return wrong;
  };
  return {
    ops,
    before: new Map(),
    check,
    [Symbol.asyncDispose]: async () => home[Symbol.dispose](),
  };
}
