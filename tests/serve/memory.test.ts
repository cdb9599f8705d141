import { expect, test } from "bun:test";
import { MemoryKeeper } from "../../src/serve/memory.ts";

const MIB = 1024 * 1024;
const LOOKS = 500;

/** A process of so much memory, of which garbage and program pages can be given back. */
function stage() {
  const memory = { kept: 20, garbage: 0, program: 30 };
  const done: string[] = [];
  let nowMs = 0;
  const keeper = new MemoryKeeper(
    {
      residentBytes: () => (memory.kept + memory.garbage + memory.program) * MIB,
      collect: () => {
        done.push("collect");
        memory.garbage = 0;
      },
      releaseProgram: () => {
        done.push("release");
        memory.program = 10;
      },
    },
    () => nowMs,
  );
  const count = (times: number): void => {
    for (let at = 0; at < times; at += 1) keeper.count();
  };
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { keeper, memory, done, count, pass };
}

test("garbage is collected where memory has grown, seldom, and code is given back where that was not enough", () => {
  const { memory, done, count, pass } = stage();
  count(10 * LOOKS);
  expect(done).toEqual([]);
  memory.garbage = 9;
  count(LOOKS - 1);
  expect(done).toEqual([]);
  count(1);
  expect(done).toEqual(["collect"]);
  // What is not garbage.
  memory.program = 39;
  count(10 * LOOKS);
  expect(done).toEqual(["collect"]);
  pass(2_000);
  count(LOOKS);
  expect(done).toEqual(["collect", "collect", "release"]);
  memory.program = 39;
  pass(2_000);
  count(LOOKS);
  expect(done.slice(3)).toEqual(["collect"]);
  pass(3_000);
  count(LOOKS);
  expect(done.slice(4)).toEqual(["collect", "release"]);
});

test("a server that ends before it has settled gives nothing back any more", async () => {
  const { keeper, done } = stage();
  const over = new AbortController();
  const settling = keeper.settle(over.signal);
  over.abort();
  await settling;
  expect(done).toEqual([]);
});
