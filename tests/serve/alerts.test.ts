import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Problem } from "../../src/board/problems.ts";
import { Alerts } from "../../src/serve/alerts.ts";

const problem = (key: string): Problem => ({ about: "nodes", key, text: `${key} is wrong` });

function told(alerts: Alerts, keys: readonly string[], atMs: number): string[] {
  return alerts.on(keys.map(problem), atMs).map(({ type, problem: { key } }) => `${type} ${key}`);
}

test("a problem is told once when it comes and once when it is over", () => {
  const alerts = new Alerts();
  expect(told(alerts, ["a"], 0)).toEqual(["raised a"]);
  expect(told(alerts, ["a"], 1_000)).toEqual([]);
  expect(told(alerts, ["a", "b"], 2_000)).toEqual(["raised b"]);
  expect(told(alerts, ["b"], 3_000)).toEqual(["cleared a"]);
  expect(alerts.open.map(({ key }) => key)).toEqual(["b"]);
});

const QUIET_MS = 10 * 60_000;

test("one that flickers is not told again and again", () => {
  const alerts = new Alerts();
  told(alerts, ["a"], 0);
  expect(told(alerts, [], 1_000)).toEqual(["cleared a"]);
  for (let atMs = 2_000; atMs < QUIET_MS; atMs += 2_000) {
    expect(told(alerts, ["a"], atMs)).toEqual([]);
    expect(told(alerts, [], atMs + 1_000)).toEqual([]);
  }
  expect(told(alerts, ["a"], 2 * QUIET_MS)).toEqual(["raised a"]);
});

test("one that was told to be over, comes back and stays is told after all", () => {
  const alerts = new Alerts();
  told(alerts, ["a"], 0);
  told(alerts, [], 1_000);
  expect(told(alerts, ["a"], 2_000)).toEqual([]);
  expect(told(alerts, ["a"], QUIET_MS)).toEqual([]);
  expect(told(alerts, ["a"], 1_000 + QUIET_MS)).toEqual(["raised a"]);
  expect(told(alerts, ["a"], 2_000 + QUIET_MS)).toEqual([]);
  expect(told(alerts, [], 3_000 + QUIET_MS)).toEqual(["cleared a"]);
});

test("at any sequence, what the reader was told last is true unless it changed within ten minutes", () => {
  const steps = fc.array(
    fc.record({ isThere: fc.boolean(), afterMs: fc.integer({ min: 1, max: QUIET_MS }) }),
  );
  fc.assert(
    fc.property(steps, (sequence) => {
      const alerts = new Alerts();
      let [nowMs, said, saidAtMs] = [0, "cleared a", -QUIET_MS];
      for (const { isThere, afterMs } of sequence) {
        nowMs += afterMs;
        for (const words of told(alerts, isThere ? ["a"] : [], nowMs)) {
          expect(words).not.toBe(said);
          [said, saidAtMs] = [words, nowMs];
        }
        if (said !== (isThere ? "raised a" : "cleared a")) expect(nowMs - saidAtMs).toBeLessThan(QUIET_MS);
      }
    }),
  );
});
