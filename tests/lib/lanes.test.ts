import { expect, test } from "bun:test";
import { Lanes } from "../../src/lib/lanes.ts";

test("results come in the order of completion, and results not yet taken count towards the size", async () => {
  const lanes = new Lanes<string>(2);
  const [slow, quick] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  lanes.add(slow.promise);
  expect([lanes.isFull, lanes.isEmpty]).toEqual([false, false]);
  lanes.add(quick.promise);
  quick.resolve("quick");
  expect(await lanes.next()).toBe("quick");
  slow.resolve("slow");
  lanes.add(Promise.resolve("late"));
  expect(lanes.isFull).toBe(true);
  expect(await lanes.next()).toBe("slow");
  expect(await lanes.next()).toBe("late");
  expect(lanes.isEmpty).toBe(true);
});

test("what a task throws is thrown where its result is taken, and only there", async () => {
  const lanes = new Lanes<number>(2);
  lanes.add(Promise.reject(new Error("mine")));
  lanes.add(Promise.resolve(7));
  expect(await lanes.next().catch((error: unknown) => error)).toEqual(new Error("mine"));
  expect(await lanes.next()).toBe(7);
  expect(await lanes.next().catch((error: unknown) => error)).toBeInstanceOf(Error);
});
