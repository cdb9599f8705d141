import { expect, test } from "bun:test";
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

test("one that flickers is not told again and again", () => {
  const alerts = new Alerts();
  told(alerts, ["a"], 0);
  told(alerts, [], 1_000);
  expect(told(alerts, ["a"], 2_000)).toEqual([]);
  expect(told(alerts, [], 3_000)).toEqual(["cleared a"]);
  expect(told(alerts, ["a"], 3_000 + 10 * 60_000)).toEqual(["raised a"]);
});
