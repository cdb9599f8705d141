import { expect, test } from "bun:test";
import { startSandbox } from "../../src/upload/sandbox/server.ts";
import { holdingFront, makeDelivery, MEMORY_BYTES } from "../support/delivery.ts";
import { startFront } from "../support/front.ts";
import { item, NEVER, testClient } from "../support/tanova.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";
import { checksumOf, uploadStore } from "../support/upload-store.ts";
import { workOf } from "../support/work.ts";

test("a content's memory is free for the next as soon as the network has it, long before the answer", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox();
  using holding = holdingFront(sandbox);
  using made = makeDelivery(opened, holding.front, { workers: 4 });
  await made.begin();
  // Each takes all the memory there is.
  for (const name of ["a", "b", "c", "d"]) await made.take(name, MEMORY_BYTES);
  await until(() => holding.sizes.length === 4, "four are in flight");
  expect(await made.isMemoryBack()).toBe(true);
  const finished = made.delivery.finish();
  for (let answers = 0; answers < 4; answers += 1) holding.release();
  await finished;
  expect([made.tally.uploaded, sandbox.stats().repeats]).toEqual([4, 0]);
});

test("batches are full where there is enough for them; what is left waits for a free slot, and may yet be filled", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox({ batch: true });
  using holding = holdingFront(sandbox);
  using made = makeDelivery(opened, holding.front, { workers: 2, batchItems: 10 });
  let taken = 0;
  const take = async (count: number): Promise<void> => {
    for (const end = taken + count; taken < end; taken += 1) await made.take(`cv ${taken}`);
  };
  await take(25);
  await made.begin();
  await until(() => holding.sizes.length === 2, "two batches are in flight");
  expect(holding.sizes).toEqual([10, 10]);
  // Five are left. Both slots are taken: five more fill the batch, and five are left again.
  await take(10);
  holding.release();
  await until(() => holding.sizes.length === 3, "the third is in flight");
  expect(holding.sizes).toEqual([10, 10, 10]);
  // A slot is free: they go, though nobody has said that nothing more comes.
  holding.release();
  await until(() => holding.sizes.length === 4, "the rest is in flight");
  expect(holding.sizes).toEqual([10, 10, 10, 5]);
  const finished = made.delivery.finish();
  for (let answers = 0; answers < 2; answers += 1) holding.release();
  await finished;
  expect([made.tally.uploaded, made.tally.workersPeak, sandbox.stats().repeats]).toEqual([35, 2, 0]);
  expect(await made.isMemoryBack()).toBe(true);
});

test("a key that is refused midway stops it all: nothing more is sent, booked rows are pending, memory is back", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox();
  let uploads = 0;
  using front = startFront(sandbox, (path) => {
    if (!path.endsWith("/upload")) return null;
    uploads += 1;
    return uploads === 1 ? Response.json({ message: "key withdrawn" }, { status: 401 }) : null;
  });
  using made = makeDelivery(opened, front, { workers: 1 });
  const works = await Promise.all(["a", "b", "c", "d"].map((name) => made.take(name)));
  await made.begin();
  await made.delivery.finish();
  opened.ledger.flush();
  expect(made.stops).toEqual([
    { type: "unauthorized", status: 401, reason: expect.stringContaining("key withdrawn") },
  ]);
  expect([uploads, made.tally.uploaded, made.tally.failures.length]).toEqual([1, 0, 4]);
  // One was sent, one was booked ahead; the other two were never taken up.
  expect(opened.states()).toEqual({ [checksumOf("a")]: "pending", [checksumOf("b")]: "pending" });
  expect(works.map(({ checksum }) => made.delivery.openWork(checksum))).toEqual(works.map(() => undefined));
  expect(await made.isMemoryBack()).toBe(true);
});

test("cut at the signal, what the server was sent stays sending, and nobody waits for memory or room", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox({ latencyMs: 60_000 });
  const stopping = new AbortController();
  using made = makeDelivery(opened, sandbox, { workers: 2, signal: stopping.signal });
  await made.begin();
  for (let index = 0; index < 300; index += 1) void made.take(`${index}`);
  await until(() => sandbox.stored().size === 2, "two are there");
  await until(() => Object.keys(opened.states()).length === 3, "one more is booked");
  const room = made.delivery.room();
  stopping.abort();
  await Promise.all([room, made.delivery.finish()]);
  opened.ledger.flush();
  expect(Object.values(opened.states()).toSorted()).toEqual(["pending", "sending", "sending"]);
  for (const checksum of sandbox.stored().keys()) expect(opened.states()[checksum]).toBe("sending");
  expect([made.tally.uploaded, made.tally.failures]).toEqual([0, []]);
  expect(await made.isMemoryBack()).toBe(true);
});

test("what an earlier run may have sent counts as uploaded, when it only shows as it is asked for ahead of its turn", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox({ batch: true });
  using direct = testClient(sandbox);
  let questions = 0;
  const answer = Promise.withResolvers<null>();
  using front = startFront(sandbox, async (path, body) => {
    if (path.endsWith("/upload")) return await answer.promise;
    if (!body.includes(checksumOf("late"))) return null;
    questions += 1;
    // The server is at work on it still when it is looked for, and has it when it is asked for.
    if (questions === 2) await direct.upload(item("late"), NEVER);
    return null;
  });
  using made = makeDelivery(opened, front, { workers: 1, bulkCheck: true });
  await made.begin();
  for (const name of ["sent", "booked"]) await made.take(name);
  for (const name of ["late", "gone"]) made.delivery.take(workOf(name), 0);
  await until(() => made.tally.uploaded + made.tally.duplicateRemote > 0, "it is settled");
  expect(questions).toBe(2);
  const finished = made.delivery.finish();
  answer.resolve(null);
  await finished;
  const { uploaded, duplicateRemote, failures } = made.tally;
  expect([uploaded, duplicateRemote, failures.map(({ path }) => path)]).toEqual([3, 0, ["/cvs/gone"]]);
});
