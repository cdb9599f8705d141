import { expect, test } from "bun:test";
import { mkdirSync, rmSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { openStore } from "../../src/db/open.ts";
import { parseFaults } from "../../src/upload/sandbox/faults.ts";
import { startSandbox } from "../../src/upload/sandbox/server.ts";
import { seededRandom } from "../../src/lib/seeded-random.ts";
import { writeCvs } from "../support/upload/cvs.ts";
import { startFront } from "../support/upload/front.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";
import { countsOf, runUpload } from "../support/upload/upload-run.ts";
import { checksumOf, statesIn } from "../support/upload/upload-store.ts";

const CLEAN = { duplicateLocal: 0, duplicateRemote: 0, retries: 0, failures: [] };
const UPLOAD = "/api/sync/upload";

test("a content goes once, however many files have it; never more at once than allowed; a second run sends nothing", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 5 });
  using store = openStore({ path: home.file("store.db") });
  const tree = writeCvs(cvs.path, { files: 30 });
  for (let copy = 0; copy < 20; copy += 1) writeFileSync(cvs.file(`copy ${copy}.pdf`), "the same");
  const test = { store, folder: cvs.path, server: sandbox };
  const first = await runUpload(test, { workers: 3 });
  expect(countsOf(first)).toEqual({ ...CLEAN, found: 50, uploaded: 31, duplicateLocal: 19 });
  const once = new Map([...tree.contents.keys(), checksumOf("the same")].map((checksum) => [checksum, 1]));
  expect(sandbox.stored()).toEqual(once);
  expect(sandbox.stats()).toMatchObject({ uploads_in_flight_peak: 3, repeats: 0, requests: { upload: 31 } });
  expect(first.tally.workersPeak).toBe(3);
  const second = await runUpload(test);
  expect(countsOf(second)).toEqual({ ...CLEAN, found: 50, uploaded: 0, duplicateLocal: 50 });
  expect(sandbox.stats().requests).toMatchObject({ health: 1, upload: 31 });
});

test("what a run has uploaded is known to the next one folder by folder, also what had to settle first", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  using store = openStore({ path: home.file("store.db") });
  for (const name of ["a", "b"]) {
    mkdirSync(cvs.file(name));
    writeCvs(cvs.file(name), { files: 10, seed: name.charCodeAt(0) });
  }
  const test = { store, folder: cvs.path, server: sandbox };
  expect(countsOf(await runUpload(test, { settle: 300 }))).toMatchObject({ found: 20, uploaded: 20 });
  const pages = store.db.query("SELECT count(*) AS pages FROM hashed_page").get();
  expect(pages).toEqual({ pages: 2 });
  expect(countsOf(await runUpload(test))).toMatchObject({ found: 20, duplicateLocal: 20 });
  writeFileSync(cvs.file("a", "new.pdf"), "new");
  expect(countsOf(await runUpload(test))).toMatchObject({ uploaded: 1, duplicateLocal: 20 });
});

test("a root that vanishes once it was opened is one failure, and nothing is made of what was in it", async () => {
  using home = tempFolder();
  using parent = tempFolder();
  using sandbox = await startSandbox();
  using store = openStore({ path: home.file("store.db") });
  mkdirSync(parent.file("cvs"));
  writeCvs(parent.file("cvs"), { files: 3 });
  const outcome = await runUpload(
    { store, folder: parent.file("cvs"), server: sandbox },
    { onOpened: () => rmSync(parent.file("cvs"), { recursive: true }) },
  );
  expect(countsOf(outcome)).toEqual({ ...CLEAN, found: 1, uploaded: 0, failures: ["it is no longer there"] });
  expect(statesIn(store.db)).toEqual({});
});

test("contents many times larger than the memory for them pass through it, one by one and in batches", async () => {
  using cvs = tempFolder();
  const tree = writeCvs(cvs.path, { files: 40, minBytes: 20_000, maxBytes: 30_000 });
  // One that is larger than all of the memory, and one that is streamed.
  writeFileSync(cvs.file("large.pdf"), Buffer.alloc(200_000, "large"));
  writeFileSync(cvs.file("huge.pdf"), Buffer.alloc(3_000_000, "huge"));
  for (const batchItems of [1, 10]) {
    using home = tempFolder();
    using sandbox = await startSandbox({ batch: batchItems > 1 });
    using store = openStore({ path: home.file("store.db") });
    const outcome = await runUpload(
      { store, folder: cvs.path, server: sandbox },
      { memory: 64 * 1024, batchItems, workers: 6 },
    );
    expect(countsOf(outcome)).toEqual({ ...CLEAN, found: 42, uploaded: 42 });
    expect(sandbox.stats()).toMatchObject({ stored: tree.files + 2, repeats: 0 });
  }
});

test("interrupted, only what was sent stays sending; what was booked ahead is pending again, the rest untouched", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 60_000 });
  using store = openStore({ path: home.file("store.db") });
  const tree = writeCvs(cvs.path, { files: 60 });
  using front = startFront(sandbox, (path) =>
    path.endsWith("/check-duplicate") ? Response.json({ exists: false }) : null,
  );
  const stopping = new AbortController();
  const test = { store, folder: cvs.path, server: front };
  const running = runUpload(test, { workers: 8, signal: stopping.signal });
  const pending = (): string[] => [...tree.contents.keys()].filter((each) => !sandbox.stored().has(each));
  await until(() => sandbox.stored().size === 8, "eight are there and none is answered");
  await until(() => Object.keys(statesIn(store.db)).length === 10, "two more are booked");
  const booked = Object.keys(statesIn(store.db)).filter((checksum) => pending().includes(checksum));
  stopping.abort();
  expect(countsOf(await running)).toEqual({ ...CLEAN, found: 60, uploaded: 0 });
  expect(statesIn(store.db)).toEqual({
    ...Object.fromEntries([...sandbox.stored().keys()].map((checksum) => [checksum, "sending"])),
    ...Object.fromEntries(booked.map((checksum) => [checksum, "pending"])),
  });
  expect(sandbox.stats()).toMatchObject({ uploads_in_flight_peak: 8, requests: { upload: 8 } });
});

test("aborted at any moment, a run leaves nothing sending once all is answered, and the next one finishes it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 45 }), fc.boolean(), async (after, isBatch) => {
      using home = tempFolder();
      using cvs = tempFolder();
      using sandbox = await startSandbox({ latencyMs: 2, batch: isBatch });
      using store = openStore({ path: home.file("store.db") });
      const tree = writeCvs(cvs.path, { files: 40 });
      const stopping = new AbortController();
      const test = { store, folder: cvs.path, server: sandbox };
      let steps = 0;
      const batchItems = isBatch ? 5 : 1;
      await runUpload(test, {
        batchItems,
        signal: stopping.signal,
        // What is in flight is answered. Cut off, it may rightly stay in doubt though the server never took it in.
        graceMs: 60_000,
        onFile: () => {
          steps += 1;
          if (steps > after) stopping.abort();
        },
      });
      for (const [checksum, state] of Object.entries(statesIn(store.db)))
        expect([checksum, state]).toEqual([checksum, sandbox.stored().has(checksum) ? "done" : "pending"]);
      await runUpload(test, { batchItems });
      expect(sandbox.stored()).toEqual(new Map([...tree.contents.keys()].map((checksum) => [checksum, 1])));
      const states = statesIn(store.db);
      expect(states).toEqual(
        Object.fromEntries([...tree.contents.keys()].map((checksum) => [checksum, "done"])),
      );
    }),
    { numRuns: 12 },
  );
});

test.each([1, 5])(
  "through every kind of fault of an upload each content arrives once, in batches of %d",
  async (batchItems) => {
    using home = tempFolder();
    using cvs = tempFolder();
    const faults = parseFaults("500:0.1,429:0.1,503:0.05,reset:0.1,lostack:0.15,html:0.05") ?? [];
    // Questions are answered: without an answer for long enough a content is sent again, and a repeat is no fault.
    const uniform = seededRandom(4);
    let questions = 0;
    const random = (): number => {
      const { check, bulk_check } = sandbox.stats().requests;
      const isQuestion = check + bulk_check > questions;
      questions = check + bulk_check;
      return isQuestion ? 0.999 : uniform();
    };
    using sandbox = await startSandbox({ faults, random, batch: true, retryAfterS: 0 });
    using store = openStore({ path: home.file("store.db") });
    const tree = writeCvs(cvs.path, { files: 60 });
    const test = { store, folder: cvs.path, server: sandbox };
    for (let turn = 0; turn < 10 && sandbox.stats().stored < tree.files; turn += 1)
      await runUpload(test, { batchItems });
    await runUpload(test, { batchItems });
    expect(sandbox.stored()).toEqual(new Map([...tree.contents.keys()].map((checksum) => [checksum, 1])));
    expect(Object.keys(sandbox.stats().faults).length).toBeGreaterThan(3);
    expect(new Set(Object.values(statesIn(store.db)))).toEqual(new Set(["done"]));
  },
);

/** A server that removes the CV that it is sent first, and wants it again. */
function removingFront(
  sandbox: Parameters<typeof startFront>[0],
  folder: string,
): ReturnType<typeof startFront> {
  let isFirst = true;
  return startFront(sandbox, (path, body) => {
    if (path !== UPLOAD || !isFirst) return null;
    isFirst = false;
    unlinkSync(join(folder, /filename="([^"]+)"/.exec(body)?.[1] ?? ""));
    return new Response("{}", { status: 503, headers: { "Retry-After": "0" } });
  });
}

test("where a file is gone when it is to be sent again, another of the same content is sent in its place", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  using store = openStore({ path: home.file("store.db") });
  for (const name of ["one.pdf", "two.pdf"]) writeFileSync(cvs.file(name), "the same");
  using front = removingFront(sandbox, cvs.path);
  const outcome = await runUpload({ store, folder: cvs.path, server: front });
  expect(countsOf(outcome)).toEqual({
    ...CLEAN,
    found: 2,
    uploaded: 1,
    retries: 2,
    failures: ["it is no longer there"],
  });
  expect(sandbox.stored()).toEqual(new Map([[checksumOf("the same"), 1]]));
});

test("so it is where the other file is only come across once the first has failed", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  using store = openStore({ path: home.file("store.db") });
  writeFileSync(cvs.file("first.pdf"), "the same");
  utimesSync(cvs.file("first.pdf"), 1, 1);
  // Still new: it is taken in when it has settled.
  writeFileSync(cvs.file("second.pdf"), "the same");
  using front = removingFront(sandbox, cvs.path);
  const outcome = await runUpload({ store, folder: cvs.path, server: front }, { settle: 300 });
  expect(countsOf(outcome)).toMatchObject({ found: 2, uploaded: 1, duplicateLocal: 0 });
  expect(sandbox.stored()).toEqual(new Map([[checksumOf("the same"), 1]]));
});
