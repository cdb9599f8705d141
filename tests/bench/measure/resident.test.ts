import { expect, test } from "bun:test";
import { memoryOver, residentMib, watchResident } from "../../../src/bench/measure/resident.ts";

test("a process's memory is sampled until its work is done; a process that is gone has none", async () => {
  expect(residentMib(process.pid)).toBeGreaterThan(10);
  const child = Bun.spawn(["cat"], { stdin: "pipe" });
  const work = child.exited;
  const watching = watchResident(child.pid, work, 1);
  await child.stdin.end();
  const seen = await watching;
  expect(seen.every((mib) => mib > 0 && mib < 100)).toBe(true);
  expect(residentMib(child.pid)).toBeNull();
});

test("what the work throws is rethrown", async () => {
  const failed = Promise.reject(new Error("ended with 1"));
  const thrown: unknown = await watchResident(process.pid, failed, 1).catch((error: unknown) => error);
  expect(thrown).toEqual(new Error("ended with 1"));
});

test("growth is shown by the peaks of both halves", () => {
  expect(memoryOver([10, 30, 20, 40, 25])).toEqual(
    new Map([
      ["resident", [10, 30, 20, 40, 25]],
      ["most in the first half", [30]],
      ["most in the second half", [40]],
    ]),
  );
  expect(() => memoryOver([])).toThrow("cannot be seen");
});
