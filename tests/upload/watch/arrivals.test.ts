import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  type ArrivalAction,
  type ArrivalEvent,
  Arrivals,
  type Look,
} from "../../../src/upload/watch/arrivals.ts";

const PATH = "a/cv.pdf";
const CLOSED: Look = { sizeBytes: 10, mtimeMs: 5, inode: 1, writer: "none" };
const OPEN: Look = { ...CLOSED, writer: "open" };
const UNKNOWN: Look = { ...CLOSED, writer: "unknown" };

type Step = readonly [atMs: number, event: ArrivalEvent, actions: readonly ArrivalAction[]];

const touched: ArrivalEvent = { type: "touched", path: PATH };
const tick: ArrivalEvent = { type: "tick" };
const looked = (look: Look | null): ArrivalEvent => ({ type: "looked", path: PATH, look });
const look: ArrivalAction = { type: "look", path: PATH };
const arrive: ArrivalAction = { type: "arrive", path: PATH };

const SCENARIOS: Readonly<Record<string, readonly Step[]>> = {
  "a file that was closed and stayed quiet": [
    [0, touched, []],
    [1_999, tick, []],
    [2_000, tick, [look]],
    [2_000, looked(CLOSED), [arrive]],
  ],
  "a line a second: each close starts the quiet time anew": [
    [0, touched, []],
    [1_000, touched, []],
    [2_000, touched, []],
    [3_999, tick, []],
    [4_000, tick, [look]],
    [4_000, looked(CLOSED), [arrive]],
  ],
  "a writer that pauses with the file open": [
    [0, touched, []],
    [2_000, tick, [look]],
    [2_000, looked(OPEN), []],
    [4_000, tick, [look]],
    [4_000, looked(OPEN), []],
    [7_999, tick, []],
    [8_000, tick, [look]],
    [8_000, looked(OPEN), []],
    [9_000, touched, []],
    [11_000, tick, [look]],
    [11_000, looked(CLOSED), [arrive]],
  ],
  "renamed into place: at once": [
    [0, { type: "placed", path: PATH }, [look]],
    [0, looked(CLOSED), [arrive]],
  ],
  "renamed into place by somebody who goes on writing": [
    [0, { type: "placed", path: PATH }, [look]],
    [0, looked(OPEN), []],
    [2_000, tick, [look]],
    [2_000, looked(CLOSED), [arrive]],
  ],
  "no leases to be had: two looks have to see the same": [
    [0, touched, []],
    [2_000, tick, [look]],
    [2_000, looked(UNKNOWN), []],
    [4_000, tick, [look]],
    [4_000, looked({ ...UNKNOWN, sizeBytes: 20 }), []],
    [6_000, tick, [look]],
    [6_000, looked({ ...UNKNOWN, sizeBytes: 20 }), [arrive]],
  ],
  "written again while it is looked at": [
    [0, touched, []],
    [2_000, tick, [look]],
    [2_000, touched, []],
    [2_000, looked(CLOSED), []],
    [4_000, tick, [look]],
    [4_000, looked(CLOSED), [arrive]],
  ],
  "removed before it was complete": [
    [0, touched, []],
    [1_000, { type: "gone", path: PATH }, []],
    [9_000, tick, []],
  ],
  "gone when it is looked at": [
    [0, touched, []],
    [2_000, tick, [look]],
    [2_000, looked(null), []],
    [9_000, tick, []],
  ],
  "its folder moved away; another folder with a name alike stays": [
    [0, touched, []],
    [0, { type: "touched", path: "ab/cv.pdf" }, []],
    [1_000, { type: "folder-gone", path: "a" }, []],
    [9_000, tick, [{ type: "look", path: "ab/cv.pdf" }]],
  ],
};

for (const [name, steps] of Object.entries(SCENARIOS)) {
  test(name, () => {
    const arrivals = new Arrivals({ settleMs: 2_000, mostHeld: 100 });
    for (const [atMs, event, actions] of steps) {
      expect({ atMs, event, actions: arrivals.on(event, atMs) }).toEqual({
        atMs,
        event,
        actions: [...actions],
      });
    }
  });
}

test("what comes beyond the bound is found by a rescan, once half of what is held has gone", () => {
  const arrivals = new Arrivals({ settleMs: 10, mostHeld: 4 });
  for (let file = 0; file < 9; file += 1) arrivals.on({ type: "touched", path: `${file}.pdf` }, 0);
  expect(arrivals.held).toBe(4);
  const looks = arrivals.on(tick, 10);
  expect(looks).toHaveLength(4);
  const rescans: ArrivalAction[] = [];
  for (const { type, path } of looks.filter((action) => action.type === "look")) {
    expect(type).toBe("look");
    arrivals.on({ type: "looked", path, look: CLOSED }, 10);
    rescans.push(...arrivals.on(tick, 11));
  }
  expect(rescans).toEqual([{ type: "rescan" }]);
  expect(arrivals.isIdle).toBe(true);
});

test("in any order of events a file arrives only quiet and unwritten, and none is forgotten", () => {
  const paths = ["a.pdf", "b/c.pdf", "b/d.pdf"];
  const step = fc.record({
    path: fc.constantFrom(...paths),
    kind: fc.constantFrom("open", "close", "place", "remove", "wait"),
    ms: fc.integer({ min: 0, max: 3_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const settleMs = 2_000;
      const arrivals = new Arrivals({ settleMs, mostHeld: 100 });
      /** What really is on the disk. */
      const files = new Map<
        string,
        { isOpen: boolean; size: number; changedMs: number; isPlaced: boolean }
      >();
      const outstanding = new Set<string>();
      let nowMs = 0;
      const perform = (actions: readonly ArrivalAction[]): void => {
        for (const action of actions) {
          if (action.type === "rescan") throw new Error("nothing was over the bound");
          const file = files.get(action.path);
          if (action.type === "arrive") {
            expect(file?.isOpen).toBe(false);
            if (file?.isPlaced === false) expect(nowMs - file.changedMs).toBeGreaterThanOrEqual(settleMs);
            outstanding.delete(action.path);
            continue;
          }
          const seen: Look | null =
            file === undefined
              ? null
              : { sizeBytes: file.size, mtimeMs: 0, inode: 1, writer: file.isOpen ? "open" : "none" };
          perform(arrivals.on({ type: "looked", path: action.path, look: seen }, nowMs));
        }
      };
      const send = (event: ArrivalEvent): void => perform(arrivals.on(event, nowMs));
      for (const { path, kind, ms } of steps) {
        const file = files.get(path);
        if (kind === "open" && file?.isOpen !== true) {
          files.set(path, { isOpen: true, size: (file?.size ?? 0) + 1, changedMs: nowMs, isPlaced: false });
          outstanding.add(path);
          if (file === undefined) send({ type: "touched", path });
        } else if (kind === "close" && file?.isOpen === true) {
          Object.assign(file, { isOpen: false, changedMs: nowMs });
          send({ type: "touched", path });
        } else if (kind === "place") {
          files.set(path, { isOpen: false, size: ms, changedMs: nowMs, isPlaced: true });
          outstanding.add(path);
          send({ type: "placed", path });
        } else if (kind === "remove" && file !== undefined) {
          files.delete(path);
          outstanding.delete(path);
          send({ type: "gone", path });
        } else {
          nowMs += ms;
          send(tick);
        }
      }
      for (const [path, file] of files) {
        if (!file.isOpen) continue;
        Object.assign(file, { isOpen: false, changedMs: nowMs });
        send({ type: "touched", path });
      }
      for (let round = 0; round < 40; round += 1) {
        nowMs += 1_000;
        send(tick);
      }
      expect([...outstanding]).toEqual([]);
      expect(arrivals.isIdle).toBe(true);
    }),
    { numRuns: 500 },
  );
});
