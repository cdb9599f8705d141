import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeFrame, encodeFrame } from "../../../src/nodes/fleet/frame-codec.ts";
import type { NodeFrame } from "../../../src/nodes/fleet/node-frame.ts";
import { encodeCells } from "../../../src/nodes/store/cell-sums.ts";
import { addEvents, addLine, createRollup, encodeSummary } from "../../../src/nodes/store/rollup.ts";
import { VarintWriter } from "../../../src/nodes/store/varint.ts";
import { createEvents } from "../../../src/nodes/log/events.ts";
import { HOUR_MS } from "../../../src/nodes/log/vocabulary.ts";

const START = Date.UTC(2026, 2, 1);

/** A frame of an operation or more in each hour. */
function frameOf(
  hours: readonly (readonly { action: number; outcome: number; durationMs: number }[])[],
): NodeFrame {
  return {
    about: {
      newestMs: START,
      satellites: [
        [0, ""],
        [1, "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"],
      ],
      snapshot: null,
      scores: [{ satelliteId: 1, audit: 1, suspension: 0.5, online: null }],
    },
    hours: hours.map((operations, at) => {
      const startMs = START + at * HOUR_MS;
      const { summary, cells } = createRollup();
      const events = createEvents(operations.length);
      for (const [row, { action, outcome, durationMs }] of operations.entries()) {
        events.timeMs[row] = startMs;
        events.action[row] = action;
        events.outcome[row] = outcome;
        events.durationMs[row] = durationMs;
        events.satellite[row] = 1;
      }
      addEvents({ summary, cells }, events, 0, operations.length);
      addLine(summary, startMs, 1);
      return { startMs, summary: encodeSummary(summary), cells: encodeCells(cells) };
    }),
  };
}

const frames = fc
  .array(
    fc.array(
      fc.record({
        action: fc.integer({ min: 0, max: 7 }),
        outcome: fc.integer({ min: 0, max: 2 }),
        durationMs: fc.integer({ min: 0, max: 100_000 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    { maxLength: 4 },
  )
  .map(frameOf);

const plain = (frame: NodeFrame): unknown => ({
  about: frame.about,
  hours: frame.hours.map(({ startMs, summary, cells }) => [startMs, [...summary], [...cells]]),
});

test("a frame comes back as it was told", () => {
  fc.assert(
    fc.property(frames, (frame) => expect(plain(decodeFrame(encodeFrame(frame)))).toEqual(plain(frame))),
  );
});

/** What a board may send in place of a frame is refused by an Error, and never taken for another frame in form only. */
function isRefusedOrWhole(bytes: Uint8Array): void {
  let frame: NodeFrame;
  try {
    frame = decodeFrame(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return;
  }
  expect(plain(decodeFrame(encodeFrame(frame)))).toEqual(plain(frame));
}

test("any bytes, and any frame with bytes changed or cut, are refused or are a frame", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), isRefusedOrWhole));
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(frames, changes, fc.nat(), (frame, changed, cut) => {
      const bytes = encodeFrame(frame);
      for (const [at, value] of changed) bytes[at % bytes.length] = value;
      isRefusedOrWhole(bytes);
      expect(() => decodeFrame(encodeFrame(frame).subarray(0, cut % bytes.length))).toThrow();
    }),
  );
});

const [GOOD] = frameOf([[{ action: 0, outcome: 0, durationMs: 5 }]]).hours;
if (GOOD === undefined) throw new Error("Cannot test without an hour");
const { about } = frameOf([]);

/** Numbers before the sketch of a summary: counts, levels, what is timed, and its lines. */
const BEFORE_SKETCH = 12 + 4 + 3 + 3;

/** A summary of nothing, with these numbers from its sketch on. */
function summaryOf(rest: readonly number[]): Uint8Array {
  const writer = new VarintWriter();
  for (let at = 0; at < BEFORE_SKETCH; at += 1) writer.unsigned(0);
  for (const number of rest) writer.unsigned(number);
  return writer.bytes();
}

test.each([
  ["cells that unpack to megabytes", { ...GOOD, cells: Bun.zstdCompressSync(new Uint8Array(50_000_000)) }],
  ["a summary that is cut", { ...GOOD, summary: GOOD.summary.slice(0, 9) }],
  ["an hour that begins at no hour", { ...GOOD, startMs: GOOD.startMs + 1 }],
  ["a sketch with a bucket of no time", { ...GOOD, summary: summaryOf([1, 16_383, 1]) }],
  ["a bucket more than it has", { ...GOOD, summary: summaryOf([2, 5, 1]) }],
  ["sums of an action that there is not", { ...GOOD, summary: summaryOf([0, 1, 99, 1, 1]) }],
  [
    "an operation that there is not",
    {
      ...GOOD,
      cells: encodeCells(new Map([[15 * 64, { count: 1, bytes: 0, timed: 0, timedMs: 0, coarse: 0 }]])),
    },
  ],
])("%s: refused", (_what, hour) => {
  expect(() => decodeFrame(encodeFrame({ about, hours: [hour] }))).toThrow();
});

test("hours twice, backwards, or more than a month has: refused", () => {
  const later = { ...GOOD, startMs: GOOD.startMs + HOUR_MS };
  expect(decodeFrame(encodeFrame({ about, hours: [GOOD, later] })).hours).toHaveLength(2);
  expect(() => decodeFrame(encodeFrame({ about, hours: [GOOD, GOOD] }))).toThrow("out of order");
  expect(() => decodeFrame(encodeFrame({ about, hours: [later, GOOD] }))).toThrow("out of order");
  const many = Array.from({ length: 747 }, (_, at) => ({ ...GOOD, startMs: START + at * HOUR_MS }));
  expect(() => decodeFrame(encodeFrame({ about, hours: many }))).toThrow();
});
