import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateLog } from "../../../src/bench/generate-log.ts";
import type { IngestCounts } from "../../../src/nodes/ingest/counts.ts";
import { BINARY } from "../../support/binary.ts";
import { patient } from "../../support/emulation.ts";
import { needs, programPath } from "../../support/programs.ts";
import { nodupe, runCommand } from "../../support/run.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");

function log(operations: number, seed = 1): string {
  return [
    ...generateLog({
      keys: "new",
      encoding: "console",
      prefix: "none",
      time: "seconds-z",
      level: "debug",
      seed,
      operations,
      startMs: Date.UTC(2026, 0, 1),
      spanMs: operations * 90,
    }),
  ].join("");
}

type Counted = Omit<IngestCounts, "malformedOperations" | "malformedSamples">;

async function ingest(folder: TempFolder, ...files: string[]): Promise<Counted> {
  const run = await nodupe(["ingest", "--node", "a", ...files, "--json", "--db", folder.file("s.db")]);
  expect(run.exitCode).toBe(0);
  const counted = JSON.parse(run.stdout) as Counted;
  const { lines, events, started, facts, known, ignored, malformed } = counted;
  expect(events + started + facts + known + ignored + malformed).toBe(lines);
  return { lines, events, started, facts, known, ignored, malformed };
}

/** How many operations of node a the store has in a window. */
async function operations(folder: TempFolder, since = "2025-01-01", to = "2027-01-01"): Promise<number> {
  const window = ["--since", since, "--until", to];
  const run = await nodupe(["compare", "a", "b", "--json", ...window, "--db", folder.file("s.db")]);
  return (
    (JSON.parse(run.stdout) as { nodes: { metrics: { total_operations: number } }[] }).nodes[0]?.metrics
      .total_operations ?? -1
  );
}

test("-v tells where reading begins in each file, and what was skipped and why", async () => {
  using folder = tempFolder();
  const path = folder.file("node.log");
  const lines = readFileSync(SAMPLE, "utf8").split("\n");
  writeFileSync(path, `${lines.slice(0, -1).join("\n")}\n`);
  const args = ["ingest", "--node", "a", "--db", folder.file("s.db")];
  const told = async (...more: string[]): Promise<string> => (await nodupe([...args, ...more])).stderr;
  expect(await told("-v", path)).toBe(
    `${path}: reading from the beginning\n${path}: 181 lines: 73 new, 108 ignored (not about operations)\n`,
  );
  const size = statSync(path).size.toLocaleString("en");
  appendFileSync(path, `${lines[0]}\nnot a line of a node\n`);
  expect(await told("-v", path)).toStartWith(
    `${path}: continuing at byte ${size}: what comes before was read earlier\n${path}: 2 lines: `,
  );
  const packed = folder.file("node.log.gz");
  writeFileSync(packed, Bun.gzipSync(readFileSync(SAMPLE)));
  expect(await told("-v", packed)).toBe(
    `${packed}: reading all of it: a compressed file has no place to continue from\n` +
      `${packed}: 181 lines: 0 new, 73 skipped (already in the store), 108 ignored (not about operations)\n`,
  );
  const entries = (await told("-v", "--log-format", "json", packed)).trimEnd().split("\n");
  expect(entries.map((entry) => JSON.parse(entry) as unknown)).toMatchObject([
    { event: "opened", path: packed, format: "compressed", offset_bytes: 0 },
    { event: "read", path: packed, lines: 181, events: 0, known: 73, ignored: 108 },
  ]);
  expect(await told(packed)).toBe("");
});

test("the same log again, renamed, compressed or through a pipe adds nothing", async () => {
  using folder = tempFolder();
  const first = await ingest(folder, SAMPLE);
  expect(first).toEqual({
    lines: 181,
    events: 43,
    started: 15,
    facts: 15,
    known: 0,
    ignored: 108,
    malformed: 0,
  });
  const again = { lines: 181, events: 0, started: 0, facts: 0, known: 73, ignored: 108, malformed: 0 };
  expect(await ingest(folder, SAMPLE)).toEqual(again);
  const bytes = readFileSync(SAMPLE);
  writeFileSync(folder.file("other-name.1"), bytes);
  writeFileSync(folder.file("s.gz"), Bun.gzipSync(bytes));
  writeFileSync(folder.file("s.zst"), Bun.zstdCompressSync(bytes));
  for (const name of ["other-name.1", "s.gz", "s.zst"])
    expect(await ingest(folder, folder.file(name))).toEqual(again);
  const piped = await nodupe(["ingest", "--node", "a", "-", "--json", "--db", folder.file("s.db")], {
    stdin: bytes,
  });
  expect(JSON.parse(piped.stdout)).toMatchObject(again);
});

test("identical lines are counted, and overlaps add exactly what is new", async () => {
  using folder = tempFolder();
  const lines = log(400).trimEnd().split("\n");
  const twice = lines.flatMap((line, index) => (index % 50 === 0 ? [line, line] : [line]));
  const cut = (from: number, to: number): string => `${twice.slice(from, to).join("\n")}\n`;
  writeFileSync(folder.file("a"), cut(0, 500));
  writeFileSync(folder.file("b"), cut(300, twice.length));
  const first = await ingest(folder, folder.file("a"));
  const second = await ingest(folder, folder.file("b"));
  expect(first.events + first.started).toBe(500);
  expect(second).toMatchObject({ known: 200, events: twice.length - 500 - second.started });
  writeFileSync(folder.file("all"), twice.join("\n"));
  expect(await ingest(folder, folder.file("all"))).toMatchObject({
    events: 0,
    started: 0,
    known: twice.length,
  });
});

test("a file that grows adds what it grew by, also after a line without an end", async () => {
  using folder = tempFolder();
  const text = log(300);
  const path = folder.file("node.log");
  let sum = 0;
  let written = 0;
  for (const part of [0.2, 0.21, 0.5, 0.77, 1]) {
    const end = Math.floor(text.length * part);
    appendFileSync(path, text.slice(written, end));
    written = end;
    if (part === 0.5) renameSync(path, folder.file("rotated"));
    if (part === 0.5) renameSync(folder.file("rotated"), path);
    const { events, started } = await ingest(folder, path);
    sum += events + started;
  }
  expect(sum).toBe(text.trimEnd().split("\n").length);
});

needs("strace")(
  "killed at twenty of its writes, the store ends with each event once",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    const text = log(60_000, 5);
    writeFileSync(path, text);
    await nodupe(["ingest", "--node", "b", SAMPLE, "--db", folder.file("s.db")]);
    const command = [BINARY, "ingest", "--node", "a", path, "--json", "--db", folder.file("s.db")];
    using other = tempFolder();
    const whole = await ingest(other, path);
    for (let round = 0; round < 20; round += 1) {
      // A run goes on where the one before was killed. All writes of all of them would not store the whole log.
      const write = 2 + ((round * 7) % 40);
      const inject = ["-e", "trace=pwrite64", "-e", `inject=pwrite64:signal=SIGKILL:when=${write}`];
      const traced = [programPath("strace"), "-f", "-qq", "-o", "/dev/null", ...inject, ...command];
      expect({ round, exitCode: (await runCommand(traced)).exitCode }).toEqual({ round, exitCode: 128 + 9 });
    }
    const last = await ingest(folder, path);
    expect(last).toMatchObject({ lines: whole.lines, malformed: 0 });
    expect(await operations(folder)).toBe(whole.events);
    // Roll-ups equal events: counted from the blocks, an hour that the window cuts adds up to the same.
    const cut = "2026-01-01T00:30:00Z";
    const before = await operations(folder, "2025-01-01", cut);
    expect(before + (await operations(folder, cut))).toBe(whole.events);
  },
  120_000,
);

test(
  "an event costs at most 9 bytes on disk, and its share of the store that every store has",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    writeFileSync(path, log(120_000, 9));
    const { events } = await ingest(folder, path);
    using other = tempFolder();
    writeFileSync(other.file("empty.log"), "");
    await ingest(other, other.file("empty.log"));
    const bytes = Bun.file(folder.file("s.db")).size - Bun.file(other.file("s.db")).size;
    expect(bytes / events).toBeLessThanOrEqual(9);
  },
  patient(60_000),
);

test(
  "pruned events stay known, and their roll-ups stay",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    writeFileSync(path, log(20_000, 3));
    const db = ["--json", "--db", folder.file("s.db")];
    const env = { NODUPE_INGEST_EVENT_RETENTION: "1m" };
    // Blocks go once they lie wholly in closed hours; a second file makes the clock of the log move on.
    const first = JSON.parse((await nodupe(["ingest", "--node", "a", path, ...db], { env })).stdout) as {
      events: number;
    };
    const late = folder.file("late.log");
    writeFileSync(late, log(10, 4).replaceAll("2026-01-01", "2026-01-09"));
    const second = JSON.parse((await nodupe(["ingest", "--node", "a", late, ...db], { env })).stdout) as {
      pruned: number;
    };
    expect(second.pruned).toBeGreaterThan(10_000);
    const again = await nodupe(["ingest", "--node", "a", "-", ...db], { env, stdin: readFileSync(path) });
    expect(JSON.parse(again.stdout)).toMatchObject({ events: 0, started: 0 });
    await nodupe(["ingest", "--node", "b", SAMPLE, "--db", folder.file("s.db")]);
    expect(await operations(folder)).toBe(first.events + 10);
  },
  patient(60_000),
);

test("a race-lost line and the full line that follows are one event, in any run", async () => {
  using folder = tempFolder();
  const at = (second: number): string => `2026-01-01T00:00:0${second}Z`;
  const full =
    '{"Piece ID": "P1", "Satellite ID": "S1", "Action": "GET_REPAIR", "Offset": 0, "Size": 256, "Remote Address": "1.2.3.4:5"}';
  const lost = `${at(2)}\tINFO\tpiecestore\tdownload canceled (race lost or node shutdown)\t{"Piece ID": "P1"}`;
  const lines = [
    `${at(1)}\tDEBUG\tpiecestore\tdownload started\t${full}`,
    lost,
    `${at(2)}\tDEBUG\tpiecestore\tdownload canceled\t${full}`,
    lost.replaceAll("P1", "P2"),
  ];
  writeFileSync(folder.file("whole"), `${lines.join("\n")}\n`);
  expect(await ingest(folder, folder.file("whole"))).toMatchObject({ events: 2, started: 1, ignored: 1 });
  const again = await nodupe(["ingest", "--node", "a", "-", "--json", "--db", folder.file("s.db")], {
    stdin: readFileSync(folder.file("whole")),
  });
  expect(JSON.parse(again.stdout)).toMatchObject({ events: 0, started: 0 });
  // The run ended between the two lines.
  using other = tempFolder();
  writeFileSync(other.file("part"), `${lines.slice(0, 2).join("\n")}\n`);
  expect(await ingest(other, other.file("part"))).toMatchObject({ events: 1, started: 1 });
  appendFileSync(other.file("part"), `${lines[2] ?? ""}\n`);
  expect(await ingest(other, other.file("part"))).toMatchObject({ events: 0, ignored: 1 });
});

test("an upload that lost its race is one canceled event, again and with the run's end between its lines", async () => {
  const at = (second: number): string => `2025-03-01T00:00:0${second}.100Z`;
  const full =
    '{"Piece ID": "P1", "Satellite ID": "S1", "Action": "PUT", "Size": 256, "Remote Address": "1.2.3.4:5"}';
  const lines = [
    `${at(1)}\tDEBUG\tpiecestore\tupload started\t${full.replace('"Size"', '"Available Space"')}`,
    `${at(2)}\tINFO\tpiecestore\tupload canceled (race lost or node shutdown)\t{"Piece ID": "P1"}`,
    `${at(2)}\tDEBUG\tpiecestore\tupload failed\t${full}`,
    `${at(3)}\tDEBUG\tpiecestore\tupload failed\t${full.replaceAll("P1", "P2")}`,
  ];
  const canceled = async (folder: TempFolder): Promise<unknown> => {
    const window = ["--since", "2025-01-01", "--until", "2027-01-01"];
    const run = await nodupe(["compare", "a", "b", "--json", ...window, "--db", folder.file("s.db")]);
    const { nodes } = JSON.parse(run.stdout) as { nodes: { metrics: Record<string, unknown> }[] };
    return nodes[0]?.metrics["canceled_rate_upload"];
  };
  using folder = tempFolder();
  writeFileSync(folder.file("whole"), `${lines.join("\n")}\n`);
  expect(await ingest(folder, folder.file("whole"))).toMatchObject({ events: 2, started: 1, ignored: 1 });
  writeFileSync(folder.file("again"), `\n${lines.join("\n")}\n`);
  expect(await ingest(folder, folder.file("again"))).toMatchObject({ events: 0, started: 0, known: 3 });
  await nodupe(["ingest", "--node", "b", SAMPLE, "--db", folder.file("s.db")]);
  expect(await canceled(folder)).toBe(50);
  using other = tempFolder();
  writeFileSync(other.file("part"), `${lines.slice(0, 2).join("\n")}\n`);
  expect(await ingest(other, other.file("part"))).toMatchObject({ events: 1, started: 1 });
  appendFileSync(other.file("part"), `${lines.slice(2).join("\n")}\n`);
  expect(await ingest(other, other.file("part"))).toMatchObject({ events: 1, ignored: 1 });
  writeFileSync(other.file("again"), `\n${lines.join("\n")}\n`);
  expect(await ingest(other, other.file("again"))).toMatchObject({ events: 0, started: 0 });
});
