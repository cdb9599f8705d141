import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY } from "../../binary.ts";
import { fieldsOf } from "../../time/nts-server.ts";
import { NtsStage } from "../../time/nts-stage.ts";
import { nodupe } from "../../run.ts";
import { nodupeTime } from "../../time/time-result.ts";
import type { CutJob, Wrong } from "./cut-job.ts";
import { type Op, record } from "./recording.ts";

const COOKIE = 0x0204;
/** With more measurements than a jar has cookies, a second key exchange would be needed. */
const RUNS = 3;

function cookiesSent(ops: readonly Op[]): Set<string> {
  const requests = ops.filter(
    (op) => op.type === "send" && op.bytes.length > 48 && (op.bytes[0] ?? 0) === 0x23,
  );
  return new Set(
    requests.flatMap((op) =>
      op.type === "send"
        ? fieldsOf(op.bytes)
            .filter(({ type }) => type === COOKIE)
            .map(({ body }) => Buffer.from(body).toString("hex"))
        : [],
    ),
  );
}

function cookiesIn(path: string): string[] {
  using db = new Database(path, { readonly: true });
  const rows = db.query<{ cookie: Uint8Array }, []>("SELECT cookie FROM time_nts_cookies").all();
  return rows.map(({ cookie }) => Buffer.from(cookie).toString("hex"));
}

/** The jar of NTS cookies (`synchronous=FULL`): a cookie sent before the cut is in no store after it. */
export async function cookieJob(): Promise<CutJob> {
  const stage = await NtsStage.open();
  const server = await stage.server("server");
  const folder = stage.folder.file("store");
  mkdirSync(folder, { mode: 0o700 });
  const db = join(folder, "nodupe.db");
  const measure = ["--nts", "--nts-ca", stage.authority.path, "--db", db, "--server", server.name];
  await nodupeTime(measure);
  const before = new Map(
    readdirSync(folder)
      .filter((name) => !name.endsWith("-shm"))
      .map((name) => [join(folder, name), readFileSync(join(folder, name))] as const),
  );
  const ops: Op[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const recorded = await record([BINARY, "time", ...measure, "--json"], db);
    if (recorded.run.exitCode !== 0) throw new Error(`Cannot record a measurement: ${recorded.run.stderr}`);
    ops.push(...recorded.ops);
  }
  if (cookiesSent(ops).size < RUNS) throw new Error("Cannot find the cookies that were sent");

  const check = async (cut: number): Promise<readonly Wrong[]> => {
    const wrong: Wrong[] = [];
    const opened = await nodupe(["history", "list", "--db", db]);
    if (opened.exitCode !== 0) return [{ type: "refused", what: opened.stderr.trim() }];
    if (!existsSync(db)) return [{ type: "lost", what: "there is no store" }];
    const sent = cookiesSent(ops.slice(0, cut));
    const again = cookiesIn(db).filter((cookie) => sent.has(cookie));
    if (again.length > 0)
      wrong.push({ type: "repeated", what: `${again.length} cookies that were sent are in the jar` });
    const { exitCode, json } = await nodupeTime(measure);
    if (exitCode !== 0 || json.source !== "nts")
      wrong.push({ type: "refused", what: `the next measurement ended with ${exitCode}` });
    return wrong;
  };
  return { ops, before, check, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}
