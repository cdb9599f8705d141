import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { startSandbox } from "../../src/upload/sandbox/server.ts";
import { startFront } from "../support/upload/front.ts";
import { item, NEVER, testClient } from "../support/upload/tanova.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";
import { holdingFront, makeUploader, MEMORY_BYTES } from "../support/upload/uploader.ts";
import { checksumOf, uploadStore } from "../support/upload/upload-store.ts";

test("a content's memory is free for the next as soon as the network has it, long before the answer", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox();
  using holding = holdingFront(sandbox);
  await using made = makeUploader(opened, holding.front, { workers: 4 });
  // Each takes all the memory there is.
  for (const name of ["a", "b", "c", "d"]) await made.offer(name, MEMORY_BYTES);
  await until(() => holding.sizes.length === 4, "four are in flight");
  expect(await made.isMemoryBack()).toBe(true);
  const drained = made.uploader.idle();
  for (let answers = 0; answers < 4; answers += 1) holding.release();
  await drained;
  expect([made.tally.uploaded, sandbox.stats().repeats]).toEqual([4, 0]);
});

test("batches are full where there is enough for them; what is left waits for a free slot, and may yet be filled", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox({ batch: true });
  const isOffered = Promise.withResolvers<void>();
  using holding = holdingFront(sandbox, isOffered.promise);
  await using made = makeUploader(opened, holding.front, {
    workers: 2,
    batchItems: 10,
    refusesDuplicates: true,
  });
  let taken = 0;
  const take = async (count: number): Promise<void> => {
    for (const end = taken + count; taken < end; taken += 1) await made.offer(`cv ${taken}`);
  };
  await take(25);
  isOffered.resolve();
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
  const drained = made.uploader.idle();
  for (let answers = 0; answers < 2; answers += 1) holding.release();
  await drained;
  expect([made.tally.uploaded, made.plan.peak, sandbox.stats().repeats]).toEqual([35, 2, 0]);
  expect(await made.isMemoryBack()).toBe(true);
});

test("a key that is refused midway stops it all: nothing more is sent, booked rows are pending, memory is back", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox();
  let uploads = 0;
  const answer = Promise.withResolvers<Response>();
  using front = startFront(sandbox, (path) => {
    if (!path.endsWith("/upload")) return null;
    uploads += 1;
    return answer.promise;
  });
  await using made = makeUploader(opened, front, { workers: 1 });
  for (const name of ["a", "b", "c", "d"]) await made.offer(name);
  await until(() => Object.keys(opened.states()).length === 2, "one is sent, and one is reserved");
  answer.resolve(Response.json({ message: "key withdrawn" }, { status: 401 }));
  await made.uploader.idle();
  opened.ledger.flush();
  expect(made.stop()).toEqual({
    type: "unauthorized",
    status: 401,
    reason: expect.stringContaining("key withdrawn"),
  });
  expect([uploads, made.tally.uploaded, made.tally.failures.length]).toEqual([1, 0, 4]);
  // The other two were never taken up.
  expect(opened.states()).toEqual({ [checksumOf("a")]: "pending", [checksumOf("b")]: "pending" });
  expect([made.plan.works.size, await made.isMemoryBack()]).toEqual([0, true]);
});

test("cut at the signal, what the server was sent stays sending, and nobody waits for memory or room", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox({ latencyMs: 60_000 });
  using quick = startFront(sandbox, (path) =>
    path.endsWith("/check-duplicate") ? Response.json({ exists: false }) : null,
  );
  const stopping = new AbortController();
  await using made = makeUploader(opened, quick, { workers: 2, signal: stopping.signal });
  const offered = (async (): Promise<void> => {
    for (let index = 0; index < 300; index += 1) await made.offer(`${index}`);
  })();
  await until(() => sandbox.stored().size === 2, "two are there");
  await until(() => Object.keys(opened.states()).length === 3, "one more is reserved");
  stopping.abort();
  await offered;
  await made.uploader.idle();
  opened.ledger.flush();
  expect(Object.values(opened.states()).toSorted()).toEqual(["pending", "sending", "sending"]);
  for (const checksum of sandbox.stored().keys()) expect(opened.states()[checksum]).toBe("sending");
  expect([made.tally.uploaded, made.tally.failures]).toEqual([0, []]);
  expect(await made.isMemoryBack()).toBe(true);
});

test("what an earlier run may have sent counts as uploaded, also when it only shows once it is to be sent again", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = await startSandbox();
  using direct = testClient(sandbox);
  let questions = 0;
  using front = startFront(sandbox, async (path, body) => {
    if (path.endsWith("/upload") || !body.includes(checksumOf("late"))) return null;
    questions += 1;
    // The server is at work on it still when it is looked for, and has it right after.
    await direct.upload(item("late"), NEVER);
    return Response.json({ exists: false });
  });
  writeFileSync(folder.file("late.pdf"), "late");
  await opened.ledger.sending([{ checksum: checksumOf("late"), path: "/cvs/late" }]);
  opened.store.db.run("UPDATE content SET sent_uptime_ms = 0, run_id = 1");
  await using made = makeUploader(opened, front, { workers: 1 });
  await made.offerFile(folder.file("late.pdf"));
  await made.uploader.idle();
  expect([questions, made.tally.uploaded, made.tally.duplicateRemote]).toEqual([1, 1, 0]);
  expect(sandbox.stored().size).toBe(1);
});

test("a store that cannot be written stops the run: nothing is sent, and nobody waits", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder, { onBroken: () => {} });
  using sandbox = await startSandbox();
  using other = new Database(folder.file("store.db"));
  other.run("BEGIN EXCLUSIVE");
  await using made = makeUploader(opened, sandbox, { workers: 2 });
  for (const name of ["a", "b", "c"]) await made.offer(name);
  await made.uploader.idle();
  expect(made.stop()).toEqual({
    type: "broken",
    error: expect.objectContaining({ code: expect.stringContaining("SQLITE_BUSY") }),
  });
  other.run("ROLLBACK");
  expect([opened.states(), sandbox.stats().requests.upload, made.plan.works.size]).toEqual([{}, 0, 0]);
  expect([made.tally.uploaded, made.tally.failures]).toEqual([0, []]);
});
