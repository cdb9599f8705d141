import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plural } from "../../../src/lib/format/count.ts";
import { DEBUG_LOG, generateLog } from "../../../src/bench/generate-log.ts";
import { patient } from "../../support/emulation.ts";
import { nodupe, type Run } from "../../support/run.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");
const DAY_MS = 86_400_000;
const JANUARY = Date.UTC(2026, 0, 1);

function log(startMs: number, operations = 2_000, seed = 1): string {
  return [...generateLog({ ...DEBUG_LOG, seed, operations, startMs, spanMs: operations * 3_000 })].join("");
}

interface Counted {
  lines: number;
  events: number;
  started: number;
  known: number;
  ignored: number;
  malformed: number;
  pruned: number;
  imported: number | null;
}

async function ingest(
  folder: TempFolder,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Run & { counted: Counted }> {
  const run = await nodupe(["ingest", "--node", "a", ...args, "--json", "--db", folder.file("s.db")], {
    env,
  });
  return { ...run, counted: JSON.parse(run.stdout) as Counted };
}

/** total_operations of node a over a window, by the roll-ups. */
async function operations(folder: TempFolder, since = "2025-01-01", until = "2027-01-01"): Promise<number> {
  await nodupe(["ingest", "--node", "z", SAMPLE, "--db", folder.file("s.db")]);
  const window = ["--since", since, "--until", until];
  const run = await nodupe(["compare", "a", "z", "--json", ...window, "--db", folder.file("s.db")]);
  const { nodes } = JSON.parse(run.stdout) as { nodes: { metrics: { total_operations: number } }[] };
  return nodes[0]?.metrics.total_operations ?? -1;
}

const SHORT = { NODUPE_INGEST_EVENT_RETENTION: "2h" };

test(
  "a backfill older than the retention counts in the roll-ups, once",
  async () => {
    using folder = tempFolder();
    writeFileSync(folder.file("new.log"), log(JANUARY + 30 * DAY_MS));
    writeFileSync(folder.file("old.log"), log(JANUARY, 2_000, 2));
    const first = await ingest(folder, [folder.file("new.log")], SHORT);
    const old = await ingest(folder, [folder.file("old.log")], SHORT);
    expect(old.counted).toMatchObject({ known: 0, malformed: 0 });
    expect(old.counted.events).toBeGreaterThan(1_900);
    expect(old.counted.pruned).toBeGreaterThan(1_900);
    expect(await operations(folder)).toBe(first.counted.events + old.counted.events);
    // Its events are gone, and its lines are known.
    writeFileSync(folder.file("again.log"), `\n${readFileSync(folder.file("old.log"), "utf8")}`);
    const again = await ingest(folder, [folder.file("again.log")], SHORT);
    expect(again.counted).toMatchObject({ events: 0, started: 0, known: old.counted.lines });
    expect(await operations(folder)).toBe(first.counted.events + old.counted.events);
  },
  patient(60_000),
);

test(
  "a line from the year 9999 closes and prunes nothing",
  async () => {
    using folder = tempFolder();
    const text = log(JANUARY);
    const [line = ""] = text.split("\n").filter((one) => one.includes("\tdownloaded\t"));
    writeFileSync(folder.file("a.log"), `${text}${line.replace(/^\S+/, "9999-12-31T00:00:00.000Z")}\n`);
    const first = await ingest(folder, [folder.file("a.log")]);
    expect(first.counted).toMatchObject({ pruned: 0 });
    writeFileSync(folder.file("b.log"), log(JANUARY + DAY_MS, 500, 3));
    expect((await ingest(folder, [folder.file("b.log")])).counted.events).toBeGreaterThan(400);
  },
  patient(60_000),
);

test(
  "files of one call are read by their first time stamps, whatever their names and packing",
  async () => {
    const lines = log(JANUARY, 3_000).trimEnd().split("\n");
    const part = (from: number, to: number): string => `${lines.slice(from, to).join("\n")}\n`;
    using whole = tempFolder();
    writeFileSync(whole.file("all.log"), part(0, lines.length));
    const all = await ingest(whole, [whole.file("all.log")]);
    using folder = tempFolder();
    // By name, and as a shell's * gives them, the newest would be first.
    writeFileSync(folder.file("node.log"), part(4_000, lines.length));
    writeFileSync(folder.file("node.log.1.gz"), Bun.gzipSync(Buffer.from(part(2_000, 4_000))));
    writeFileSync(
      folder.file("node.log.2.zst"),
      Bun.zstdCompressSync(Buffer.from(`\nnot a line\n${part(0, 2_000)}`)),
    );
    const files = ["node.log", "node.log.1.gz", "node.log.2.zst"].map((name) => folder.file(name));
    const rotated = await ingest(folder, files);
    expect(rotated.counted).toMatchObject({
      events: all.counted.events,
      started: all.counted.started,
      malformed: 1,
    });
    // Starts pair with ends in the next file only where the files are met in order.
    const openBytes = (of: TempFolder): unknown => {
      using db = new Database(of.file("s.db"), { readonly: true });
      return db.query("SELECT length(open) AS bytes FROM node WHERE name = 'a'").get();
    };
    expect(openBytes(folder)).toEqual(openBytes(whole));
  },
  patient(60_000),
);

test(
  "a file of which nothing is understood: exit 1, one line, and no node comes into being",
  async () => {
    const nothing: [string, string | Uint8Array][] = [
      ["text", "Dear Sir or Madam,\nI hereby apply.\n"],
      ["bytes", Uint8Array.from({ length: 5_000 }, (_, at) => (((at * at * 31) >> 3) % 251) | 1)],
      ["json", '{"a": 1}\n{"b": 2}\n'],
      ["one long line", "x".repeat(3_000_000)],
    ];
    for (const [name, content] of nothing) {
      using folder = tempFolder();
      writeFileSync(folder.file("odd"), content);
      const run = await ingest(folder, [folder.file("odd")]);
      expect([name, run.exitCode, run.counted.lines]).toEqual([name, 1, run.counted.malformed]);
      expect(run.stderr).toContain(
        `${folder.file("odd")}: nothing in it (${plural(run.counted.lines, "line")}) was understood`,
      );
      using db = new Database(folder.file("s.db"), { readonly: true });
      expect(db.query("SELECT name FROM node").all()).toEqual([]);
      expect(db.query("SELECT id FROM log_file").all()).toEqual([]);
    }
    using folder = tempFolder();
    writeFileSync(folder.file("odd"), "Dear Sir or Madam,\n");
    const both = await ingest(folder, [folder.file("odd"), SAMPLE]);
    expect({ exitCode: both.exitCode, events: both.counted.events }).toEqual({ exitCode: 1, events: 43 });
    // The node that is there stays as it was.
    const again = await ingest(folder, [folder.file("odd")]);
    expect(again.exitCode).toBe(1);
    expect((await ingest(folder, [SAMPLE])).counted).toMatchObject({ events: 0, known: 73 });
    writeFileSync(folder.file("empty"), "");
    expect((await ingest(folder, [folder.file("empty")])).exitCode).toBe(0);
  },
  patient(60_000),
);

/** storj_monitor's database with `perHour` downloads in each hour from `startMs` on. */
function monitorDatabase(path: string, startMs: number, hours: number, perHour: number): void {
  using db = new Database(path);
  db.run(
    "CREATE TABLE events (id INTEGER PRIMARY KEY, timestamp DATETIME, action TEXT, status TEXT, size INTEGER, piece_id TEXT, satellite_id TEXT, remote_ip TEXT, node_name TEXT, duration_ms INTEGER)",
  );
  const insert = db.query(
    "INSERT INTO events (timestamp, action, status, size, piece_id, satellite_id, remote_ip, node_name, duration_ms) VALUES (?, 'GET', 'success', 256, 'P', 'S', '1.2.3.4', 'a', 40)",
  );
  db.transaction(() => {
    for (let row = 0; row < hours * perHour; row += 1)
      insert.run(new Date(startMs + Math.floor((row * 3_600_000) / perHour)).toISOString());
  })();
}

test(
  "an hour comes from the log or from storj_monitor, never from both, whichever comes first",
  async () => {
    // The log covers 100 minutes, from the hour's beginning: hours 0 and 1; the database hours 0 to 3.
    const text = log(JANUARY);
    for (const order of ["log first", "database first", "database twice"]) {
      using folder = tempFolder();
      writeFileSync(folder.file("a.log"), text);
      monitorDatabase(folder.file("m.db"), JANUARY, 4, 50);
      const from = ["--from", folder.file("m.db")];
      if (order !== "log first")
        expect((await ingest(folder, from)).counted).toMatchObject({ imported: 200 });
      if (order === "database twice")
        expect((await ingest(folder, from)).counted).toMatchObject({ imported: 0 });
      const { counted } = await ingest(folder, [folder.file("a.log")]);
      expect(counted.events).toBeGreaterThan(1_900);
      const last = await ingest(folder, from);
      expect(last.counted.imported).toBe(order === "log first" ? 100 : 0);
      expect(last.stderr).toContain("100 operations skipped: the store has these hours from the log");
      expect([order, await operations(folder)]).toEqual([order, counted.events + 100]);
      expect(await operations(folder, "2026-01-01T02:00:00Z", "2026-01-01T04:00:00Z")).toBe(100);
      expect(await operations(folder, "2026-01-01", "2026-01-02")).toBe(counted.events + 100);
      expect((await ingest(folder, [folder.file("a.log")])).counted).toMatchObject({ events: 0, started: 0 });
    }
  },
  patient(120_000),
);

test(
  "an import says what it cannot know, and a larger database adds what it has more",
  async () => {
    using folder = tempFolder();
    monitorDatabase(folder.file("m.db"), JANUARY, 2, 30);
    const first = await ingest(folder, ["--from", folder.file("m.db")]);
    expect(first.counted).toMatchObject({ imported: 60, lines: 0 });
    expect(first.stderr).toContain("for these hours the log level is unknown");
    monitorDatabase(folder.file("n.db"), JANUARY, 3, 40);
    expect((await ingest(folder, ["--from", folder.file("n.db")])).counted).toMatchObject({ imported: 60 });
    expect(await operations(folder)).toBe(120);
    const window = ["--since", "2026-01-01", "--until", "2026-01-02"];
    const run = await nodupe(["compare", "a", "z", "--json", ...window, "--db", folder.file("s.db")]);
    const { caveats } = JSON.parse(run.stdout) as { caveats: { text: string }[] };
    expect(caveats.map(({ text }) => text).join("\n")).toContain("hours imported from storj_monitor (a 3)");
  },
  patient(60_000),
);
