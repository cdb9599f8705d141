import { expect, test } from "bun:test";
import fc from "fast-check";
import { createEvents, NO_DURATION } from "../../../src/nodes/log/events.ts";
import { OpenOperations } from "../../../src/nodes/ingest/open-operations.ts";
import type { PairState } from "../../../src/nodes/ingest/pair-state.ts";
import { pairLines, rowIdentity, settleRaceLost } from "../../../src/nodes/ingest/pairing.ts";
import { LineParser } from "../../../src/nodes/log/parse.ts";
import { createParsedLines, type ParsedLines } from "../../../src/nodes/log/parsed-lines.ts";
import { ACTIONS, LEVELS, OUTCOMES } from "../../../src/nodes/log/vocabulary.ts";

const START_MS = Date.UTC(2026, 0, 1);

interface Line {
  readonly ms: number;
  readonly level?: string;
  readonly message: string;
  readonly piece?: string;
  readonly remote?: string;
  readonly offset?: number;
  readonly action?: string;
  /** Piece alone, as the race-lost lines of old versions. */
  readonly bare?: boolean;
}

function textOf({ ms, level = "INFO", message, piece = "P", remote = "1.2.3.4:5", ...rest }: Line): string {
  const fields =
    rest.bare === true
      ? { "Piece ID": piece }
      : {
          "Piece ID": piece,
          "Satellite ID": "S",
          Action: rest.action ?? "GET",
          Offset: rest.offset ?? 0,
          Size: 256,
          "Remote Address": remote,
        };
  return `${new Date(START_MS + ms).toISOString()}\t${level}\tpiecestore\t${message}\t${JSON.stringify(fields)}`;
}

function parse(lines: readonly Line[]): ParsedLines {
  const parser = new LineParser();
  const into = createParsedLines(Math.max(1, lines.length));
  for (const line of lines) {
    const bytes = new Uint8Array(Buffer.from(textOf(line)));
    parser.setBuffer(bytes);
    parser.parseLine(0, bytes.length, into);
  }
  return into;
}

interface Paired {
  readonly outcome: string | undefined;
  readonly action: string | undefined;
  /** null where no start is known. */
  readonly durationMs: number | null;
}

interface Told {
  readonly events: Paired[];
  readonly counts: object;
  readonly open: number;
}

/** Pairs the lines in batches that end at the given places; then settles what waits, as an input's end does. */
function pair(lines: readonly Line[], cuts: readonly number[] = []): Told {
  const state: PairState = { open: new OpenOperations(), raceLost: [], raceTold: [] };
  const into = createEvents(lines.length * 3 + 8);
  const context = {
    known: { take: () => false, mayKnow: () => false },
    satelliteIds: [0, 1],
    fresh: new Uint8Array(lines.length + 1),
  };
  const sum = { events: 0, started: 0, known: 0, ignored: 0 };
  const places = [0, ...cuts.filter((cut) => cut < lines.length).toSorted((a, b) => a - b), lines.length];
  places.forEach((place, index) => {
    const counts = pairLines(parse(lines.slice(places[index - 1] ?? 0, place)), state, into, context);
    for (const key of ["events", "started", "known", "ignored"] as const) sum[key] += counts[key];
  });
  const rest = { events: 0, started: 0, known: 0, ignored: 0 };
  settleRaceLost(Infinity, { state, into, counts: rest });
  sum.events += rest.events;
  const events = Array.from({ length: into.count }, (_, row) => ({
    outcome: OUTCOMES[into.outcome[row] ?? -1],
    action: ACTIONS[into.action[row] ?? -1],
    durationMs: into.durationMs[row] === NO_DURATION ? null : (into.durationMs[row] ?? null),
  }));
  return { events, counts: sum, open: state.open.size };
}

test("a start and its end pair by piece, satellite, action, address and offset, first in first out", () => {
  const told = pair([
    { ms: 0, message: "download started" },
    { ms: 10, message: "download started" },
    { ms: 20, message: "download started", offset: 256 },
    { ms: 30, message: "download started", remote: "1.2.3.4:6" },
    { ms: 100, message: "downloaded" },
    { ms: 100, message: "download failed", level: "ERROR" },
    { ms: 100, message: "download canceled", offset: 256 },
    { ms: 100, message: "downloaded", action: "GET_REPAIR" },
  ]);
  expect(told.events).toEqual([
    { outcome: "success", action: "GET", durationMs: 100 },
    { outcome: "failed", action: "GET", durationMs: 90 },
    { outcome: "canceled", action: "GET", durationMs: 80 },
    { outcome: "success", action: "GET_REPAIR", durationMs: null },
  ]);
  expect(told.counts).toEqual({ events: 4, started: 4, known: 0, ignored: 0 });
  expect(told.open).toBe(1);
});

const UPLOAD: Line = { ms: 500, level: "DEBUG", message: "upload failed", action: "PUT" };
const LOST = "upload canceled (race lost or node shutdown)";

test("an upload that lost its race is one canceled event: the INFO line and the DEBUG failure behind it", () => {
  const started = { ms: 0, level: "DEBUG", message: "upload started", action: "PUT" };
  const told = pair([started, { ms: 499, message: LOST, bare: true }, UPLOAD]);
  expect(told.events).toEqual([{ outcome: "canceled", action: "PUT", durationMs: 500 }]);
  expect(told.counts).toEqual({ events: 1, started: 1, known: 0, ignored: 1 });
});

test("an upload that failed of itself stays a failure", () => {
  const lost = { ms: 499, message: LOST, bare: true };
  const cases: [string, Line[], (string | undefined)[]][] = [
    ["another piece", [lost, { ...UPLOAD, piece: "Q" }], ["failed", "canceled"]],
    ["an error", [lost, { ...UPLOAD, level: "ERROR" }], ["failed", "canceled"]],
    ["long after", [lost, { ...UPLOAD, ms: 5_600 }], ["canceled", "failed"]],
    [
      "a download",
      [lost, { ...UPLOAD, message: "download canceled", action: "GET" }],
      ["canceled", "canceled"],
    ],
    ["its own second failure", [lost, UPLOAD, UPLOAD], ["canceled", "failed"]],
    ["no race", [UPLOAD], ["failed"]],
  ];
  for (const [name, lines, outcomes] of cases) {
    const told = pair(lines);
    expect([
      name,
      ...told.events.map(({ outcome }) => String(outcome)).toSorted((a, b) => a.localeCompare(b)),
    ]).toEqual([name, ...outcomes.map(String).toSorted((a, b) => a.localeCompare(b))]);
  }
});

const message = fc.constantFrom(
  "download started",
  "downloaded",
  "download canceled",
  "download failed",
  "download canceled (race lost or node shutdown)",
);
const line: fc.Arbitrary<Omit<Line, "ms">> = fc.oneof(
  fc.record({ message, piece: fc.constantFrom("P", "Q"), offset: fc.constantFrom(0, 256) }),
  fc.record({
    message: fc.constantFrom("upload started", "uploaded", "upload failed", LOST),
    level: fc.constantFrom(...LEVELS),
    action: fc.constantFrom("PUT", "PUT_REPAIR"),
    piece: fc.constantFrom("P", "Q"),
  }),
);
const log = fc.array(fc.tuple(line, fc.integer({ min: 0, max: 4_000 })), { maxLength: 40 }).map((steps) => {
  let ms = 0;
  return steps.map(([step, wait]): Line => {
    ms += wait;
    return { ...step, ms, bare: step.message.includes("race lost") };
  });
});

test("where a log is cut into batches changes nothing, and every end is one event or explained by one", () => {
  fc.assert(
    fc.property(log, fc.array(fc.nat(40), { maxLength: 5 }), (lines, cuts) => {
      const whole = pair(lines);
      expect(pair(lines, cuts)).toEqual(whole);
      const ends = lines.filter(({ message: text }) => !text.includes("started")).length;
      const { events, ignored, started } = whole.counts as Record<string, number>;
      expect((events ?? 0) + (ignored ?? 0)).toBe(ends);
      expect(started).toBe(lines.length - ends);
      expect(whole.events.filter(({ outcome }) => outcome !== "abandoned").length).toBe(events ?? -1);
    }),
    { numRuns: 500 },
  );
});

test("a line's identity is its meaning: time, operation and outcome, whatever its text", () => {
  const one = parse([{ ms: 0, message: "downloaded" }]);
  const moved: Line[] = [
    { ms: 1, message: "downloaded" },
    { ms: 0, message: "download failed" },
    { ms: 0, message: "downloaded", piece: "Q" },
    { ms: 0, message: "downloaded", remote: "1.2.3.4:6" },
    { ms: 0, message: "downloaded", offset: 256 },
    { ms: 0, message: "downloaded", action: "GET_AUDIT" },
    { ms: 0, message: "download started" },
  ];
  const identities = moved.map((other) => rowIdentity(parse([other]), 0));
  expect(rowIdentity(parse([{ ms: 0, message: "downloaded", level: "DEBUG" }]), 0)).toBe(rowIdentity(one, 0));
  expect(new Set([...identities, rowIdentity(one, 0)]).size).toBe(moved.length + 1);
});
