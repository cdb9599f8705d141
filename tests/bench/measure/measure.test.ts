import { expect, test } from "bun:test";
import type { Timing } from "../../../src/bench/experiment.ts";
import { inUnit, measure } from "../../../src/bench/measure/measure.ts";

const never = new AbortController().signal;

function recording(extra: Partial<Timing> = {}): { timing: Timing; calls: string[] } {
  const calls: string[] = [];
  const way = (name: string) => ({
    name,
    run: () => calls.push(name),
    beforeEach: () => void calls.push(`reset ${name}`),
  });
  const timing: Timing = {
    type: "timing",
    unit: "ms",
    asynchronous: false,
    iterations: 2,
    ways: [way("a"), way("b")],
    claims: [],
    ...extra,
  };
  return { timing, calls };
}

test("ways are sampled in turns, in reversed order after each round, each call after its reset", async () => {
  const { timing, calls } = recording();
  const rounds = await measure(timing, { rounds: 2, leastRounds: 1, budgetMs: 1e6 }, never);
  const twice = (name: string): string[] => [`reset ${name}`, name, `reset ${name}`, name];
  expect(calls).toEqual([...twice("a"), ...twice("b"), ...twice("b"), ...twice("a")]);
  expect([...rounds].map(([name, of]) => [name, of.map((values) => values.length)])).toEqual([
    ["a", [2, 2]],
    ["b", [2, 2]],
  ]);
});

test("when the budget is spent, it ends after the least number of rounds", async () => {
  const { timing } = recording();
  const rounds = await measure(timing, { rounds: 50, leastRounds: 4, budgetMs: 0 }, never);
  expect(rounds.get("a")).toHaveLength(4);
});

test("asynchronous ways are awaited", async () => {
  let running = 0;
  let most = 0;
  const run = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await Bun.file(import.meta.path).text();
    running -= 1;
  };
  const { timing } = recording({
    asynchronous: true,
    ways: [
      { name: "a", run },
      { name: "b", run },
    ],
  });
  const rounds = await measure(timing, { rounds: 3, leastRounds: 1, budgetMs: 1e6 }, never);
  expect([most, rounds.get("b")?.length]).toEqual([1, 3]);
});

test("an abort keeps only whole rounds", async () => {
  const stop = new AbortController();
  let calls = 0;
  const { timing } = recording({
    ways: [
      { name: "a", run: () => undefined },
      { name: "b", run: () => ++calls === 3 && stop.abort() },
    ],
  });
  const rounds = await measure(timing, { rounds: 9, leastRounds: 1, budgetMs: 1e6 }, stop.signal);
  expect([rounds.get("a")?.length, rounds.get("b")?.length]).toEqual([1, 1]);
});

test("a way that throws because of the abort costs no whole round", async () => {
  const stop = new AbortController();
  let calls = 0;
  const cutShort = async (): Promise<void> => {
    calls += 1;
    if (calls < 4) return;
    stop.abort();
    throw new Error("cut short");
  };
  const { timing } = recording({ asynchronous: true, iterations: 1, ways: [{ name: "a", run: cutShort }] });
  const rounds = await measure(timing, { rounds: 9, leastRounds: 1, budgetMs: 1e6 }, stop.signal);
  expect(rounds.get("a")).toHaveLength(3);
});

test("what a way throws is rethrown", async () => {
  const { timing } = recording({
    ways: [
      {
        name: "a",
        run: () => {
          throw new Error("no such peer");
        },
      },
    ],
  });
  const thrown: unknown = await measure(timing, { rounds: 1, leastRounds: 1, budgetMs: 0 }, never).catch(
    (error: unknown) => error,
  );
  expect(thrown).toEqual(new Error("no such peer"));
});

test("units are per operation", () => {
  expect([
    inUnit("ns", 2, 1_000),
    inUnit("µs", 2, 10),
    inUnit("ms", 2, 1),
    inUnit("s", 500, 1),
    inUnit("op/s", 10, 100),
    inUnit("lines/s", 500, 50),
  ]).toEqual([2_000, 200, 2, 0.5, 10_000, 100]);
  expect(() => inUnit("MiB", 1, 1)).toThrow("observed");
});
