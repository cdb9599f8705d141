import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { defaultsOf } from "../../../src/settings/defaults.ts";
import type { CompareMessage, CompareTask } from "../../../src/nodes/compare/compare-task.ts";
import { judgeOptions } from "../../../src/nodes/compare/options.ts";
import { failedResult } from "../../../src/nodes/compare/node-result.ts";
import { NO_TOKENS } from "../../../src/nodes/fleet/access.ts";
import { ComparePool } from "../../../src/serve/comparisons/compare-pool.ts";
import { Comparisons } from "../../../src/serve/comparisons/comparisons.ts";
import { StoredStates } from "../../../src/serve/comparisons/node-states.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const DAY_MS = 86_400_000;
const PROXY = { httpProxy: null, httpsProxy: null, allProxy: null, noProxy: null };

/** A worker that a test answers for. */
interface Hand {
  readonly task: CompareTask;
  readonly isEnded: () => boolean;
  answer(): void;
}

/** What of a worker the pool uses. */
interface FakeWorker {
  onmessage: (event: { data: CompareMessage }) => void;
  postMessage(task: CompareTask): void;
  terminate(): void;
}

function stage(path: string) {
  using writer = openStore({ path });
  writer.db.run("INSERT INTO node (id, name) VALUES (1, 'a'), (2, 'b')");
  const store = openStore({ path, readonly: true });
  const hands: Hand[] = [];
  const startWorker = (): Worker => {
    let isEnded = false;
    const worker: FakeWorker = {
      onmessage: () => undefined,
      postMessage: (task: CompareTask) => {
        const nodes = task.nodes.map(({ name }) => ({ ...failedResult(name, ""), error: null }));
        const { sinceMs, untilMs } = task.question.window;
        const answer = {
          nodes,
          verdicts: [],
          why: [],
          caveats: [],
          rankings: {},
          sinceMs,
          untilMs,
          cached: false,
          cache: null,
        };
        hands.push({
          task,
          isEnded: () => isEnded,
          answer: () => worker.onmessage({ data: { type: "answered", answer } }),
        });
      },
      terminate: () => {
        isEnded = true;
      },
    };
    return worker as unknown as Worker;
  };
  const failures: string[] = [];
  const events: string[] = [];
  const comparisons = new Comparisons({
    store,
    states: new StoredStates(store.db),
    settings: defaultsOf(judgeOptions),
    pool: new ComparePool({ startWorker, workers: 2 }),
    shared: null,
    access: { tokens: NO_TOKENS, ca: null, insecureHttp: false, proxy: PROXY },
    boards: () => [],
    onEvent: ({ state }) => events.push(state),
    onAnswered: () => undefined,
    onFailure: (line) => failures.push(line),
  });
  return { comparisons, hands, failures, events, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

const of = (days: number) => ({ names: ["a", "b"], lastMs: days * DAY_MS, type: "overall" as const });

test("whoever asks breaks off what nobody asked; who asks the same joins it, and is answered once it was broken off for another", async () => {
  using folder = tempFolder();
  using staged = stage(folder.file("store.db"));
  const { comparisons, hands } = staged;
  const ahead = comparisons.computeAhead(of(7));
  await until(() => hands.length === 1, "the question was begun ahead");
  const asked = comparisons.answer(of(1));
  await until(() => hands.length === 2, "another one is computed");
  expect(hands[0]?.isEnded()).toBe(true);
  expect(await ahead).toBe(false);
  hands[1]?.answer();
  expect((await asked).type).toBe("answered");

  const again = comparisons.computeAhead(of(7));
  await until(() => hands.length === 3, "it was begun again");
  const joined = comparisons.answer(of(7));
  const other = comparisons.answer(of(30));
  await until(() => hands.length === 4, "the other one is computed");
  expect(hands[2]?.isEnded()).toBe(false);
  hands[2]?.answer();
  hands[3]?.answer();
  expect([(await joined).type, (await other).type, await again]).toEqual(["answered", "answered", true]);
  // Kept ready: nobody computes it again.
  expect(await comparisons.computeAhead(of(7))).toBe(false);
  expect((await comparisons.answer({ ...of(7), names: ["b", "a"] })).type).toBe("answered");
  expect(hands).toHaveLength(4);
  await comparisons[Symbol.asyncDispose]();
});

test("what is at work when the server ends is answered with a failure, and nothing is begun any more", async () => {
  using folder = tempFolder();
  using staged = stage(folder.file("store.db"));
  const { comparisons, hands, failures } = staged;
  const ahead = comparisons.computeAhead(of(7));
  await until(() => hands.length === 1, "the question was begun ahead");
  const joined = comparisons.answer(of(7));
  const own = comparisons.answer(of(1));
  await until(() => hands.length === 2, "another one is computed");
  await comparisons[Symbol.asyncDispose]();
  expect([(await joined).type, (await own).type, await ahead]).toEqual(["failed", "failed", false]);
  expect(hands.map(({ isEnded }) => isEnded())).toEqual([true, true]);
  expect(failures).toHaveLength(2);
});

test("names that the store has not are refused without a worker, and told like any other question", async () => {
  using folder = tempFolder();
  using staged = stage(folder.file("store.db"));
  const { comparisons, hands, failures, events } = staged;
  const answers = await Promise.all(
    ["nobody", "c"].map((name) => comparisons.answer({ ...of(1), names: ["a", name] })),
  );
  expect(answers).toEqual([
    { type: "unknown-node", reason: "no node nobody in the store: expected one of a, b" },
    { type: "unknown-node", reason: expect.stringMatching(/^no node c in the store/) },
  ]);
  expect([hands.length, failures, events]).toEqual([
    0,
    [],
    ["started", "unknown-node", "started", "unknown-node"],
  ]);
  await comparisons[Symbol.asyncDispose]();
});
