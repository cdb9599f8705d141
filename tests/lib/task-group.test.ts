import { expect, test } from "bun:test";
import { TaskGroup } from "../../src/lib/task-group.ts";

test("idle waits for all tasks, including those added meanwhile, and errors are reported", async () => {
  const group = new TaskGroup();
  const told: unknown[] = [];
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const task = async (name: string, after: Promise<void>): Promise<void> => {
    await after;
    done.push(name);
    if (name === "first") group.add(task("second", Promise.resolve()), (error) => told.push(error));
    else throw new Error(name);
  };
  group.add(task("first", first.promise), (error) => told.push(error));
  const idle = group.idle();
  first.resolve();
  await idle;
  expect([done, told]).toEqual([["first", "second"], [new Error("second")]]);
  await group.idle();
});
