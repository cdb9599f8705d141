import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { migrate } from "../../../src/db/migrate.ts";
import { MIGRATIONS } from "../../../src/db/migrations.ts";
import { openStore } from "../../../src/db/open.ts";
import { ChecksumCache } from "../../../src/upload/intake/checksum-cache.ts";
import { destinationRow } from "../../../src/upload/ledger/destination.ts";
import { hashFile } from "../../../src/upload/intake/hash-file.ts";
import { forget } from "../../../src/upload/ledger/history.ts";
import { Ledger } from "../../../src/upload/ledger/ledger.ts";
import { pruneCache } from "../../../src/upload/intake/prune-cache.ts";
import type { FoundFile } from "../../../src/upload/scan/file-page.ts";
import { foundFile } from "../../support/upload/found-file.ts";
import { lookUp } from "../../support/upload/file-page.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { checksumOf, RUN_ID, uploadStore } from "../../support/upload/upload-store.ts";
import { fileOf } from "../../support/upload/work.ts";

const DAY_MS = 86_400_000;
/** When a file of a test was read, at any time after its times. */
const LATER = Infinity;
const DONE = { type: "done" } as const;
const hashed = (checksum: string) => ({ type: "hashed", checksum }) as const;
const content = (file: FoundFile, checksum: string) => ({ path: file.path, checksum });

test("a file is known where size, times, inode and device are the same, whatever it is called", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { ledger } = opened;
  const names = [
    "cv.pdf",
    "佐藤.md",
    "Ü \"quoted\" 'name'",
    "two\nlines\t",
    "\u{1F600}\u2028",
    "%_\\",
    "\x01",
  ];
  // Before 1970, beyond 32 bits, and beyond what a double holds exactly: inodes of some network file systems.
  const files = names.map((name, index) =>
    fileOf(`${index % 3}/${name}`, {
      mtimeUs: -1_500_000 * index,
      ctimeUs: 1_700_000_000_000_001,
      inode: index % 2 === 0 ? 2 ** 40 : 2 ** 63 + 4_096,
      device: 64_769,
    }),
  );
  for (const [index, file] of files.entries()) ledger.remember(file, checksumOf(`${index}`), Date.now());
  const [, second = fileOf("none")] = files;
  ledger.done(content(second, checksumOf("1")), "upload");
  ledger.flush();
  const known = files.map((_, index) => (index === 1 ? DONE : hashed(checksumOf(`${index}`))));
  expect(lookUp(ledger, files)).toEqual(known);
  expect(lookUp(ledger, [...files, fileOf("new")].toReversed())).toEqual([null, ...known.toReversed()]);
  for (const change of [{ sizeBytes: 11 }, { mtimeUs: 21 }, { ctimeUs: 22 }, { inode: 31 }, { device: 1 }])
    expect(
      lookUp(
        ledger,
        files.map((file) => ({ ...file, ...change })),
      ),
    ).toEqual(files.map(() => null));
  expect(lookUp(ledger, [])).toEqual([]);
  const { db } = opened.store;
  const { destinationId } = opened;
  const ignoring = new Ledger(db, { destinationId, runId: RUN_ID, isIgnored: true });
  expect(lookUp(ignoring, files)).toEqual(files.map(() => null));
  // What is done is done at one destination.
  const elsewhere = destinationRow(db, "https://other.example").id;
  const other = new Ledger(db, { destinationId: elsewhere, runId: RUN_ID });
  expect(lookUp(other, files)).toEqual(files.map((_, index) => hashed(checksumOf(`${index}`))));
});

test("what the cache says of `done` is what the contents say, whatever becomes of them, by whom, and in which order", async () => {
  const steps = fc.array(
    fc.record({
      step: fc.constantFrom(
        "remember",
        "done",
        "pending",
        "failed",
        "forget",
        "forget all",
        "import",
        "look",
        "flush",
      ),
      name: fc.constantFrom("a", "b", "c"),
      // Two files of the same content, and two destinations.
      twin: fc.boolean(),
      elsewhere: fc.boolean(),
    }),
    { maxLength: 25 },
  );
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { db } = opened.store;
  const destinations = ["https://a.example", "https://b.example"].map((url) => destinationRow(db, url).id);
  fc.assert(
    fc.property(steps, (taken) => {
      db.run("DELETE FROM content; DELETE FROM hashed_folder");
      const ledgers = destinations.map((destinationId) => new Ledger(db, { destinationId, runId: RUN_ID }));
      for (const { step, name, twin, elsewhere } of taken) {
        const [ledger, id] = [ledgers[Number(elsewhere)], destinations[Number(elsewhere)]];
        if (ledger === undefined || id === undefined) throw new Error("no destination");
        const file = fileOf(`${twin ? "twins/" : ""}${name}`);
        const checksum = checksumOf(name);
        const because = { status: 500, reason: "x" };
        if (step === "remember") ledger.remember(file, checksum, Date.now());
        if (step === "done") ledger.done(content(file, checksum), "upload");
        if (step === "pending") ledger.pending(content(file, checksum), because);
        if (step === "failed") ledger.failed(content(file, checksum), because);
        if (step === "flush") ledger.flush();
        if (step === "import") {
          ledger.flush();
          db.query("UPDATE content SET state = 'done' WHERE destination_id = ? AND checksum = ?").run(
            id,
            checksum,
          );
        }
        if (step.startsWith("forget")) {
          ledger.flush();
          forget(db, id, step === "forget" ? [checksum] : null);
        }
        if (step !== "look") continue;
        ledger.flush();
        const [known] = lookUp(ledger, [file]);
        const state = db
          .query<{ state: string }, [number, string]>(
            "SELECT state FROM content WHERE destination_id = ? AND checksum = ?",
          )
          .get(id, checksum)?.state;
        if (known !== undefined && known !== null)
          expect(known).toEqual(state === "done" ? DONE : hashed(checksum));
      }
      for (const ledger of ledgers) ledger.flush();
    }),
    { numRuns: 300 },
  );
});

test("what was found done by its checksum is known by its row the next time", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { ledger, store } = opened;
  const files = ["a", "b"].map((name) => fileOf(name));
  for (const file of files) ledger.remember(file, checksumOf("same"), Date.now());
  ledger.done({ path: "/cvs/a", checksum: checksumOf("same") }, "upload");
  ledger.flush();
  const marked = () =>
    store.db.query<{ name: string }, []>("SELECT name FROM hashed_file WHERE done_epoch IS NOT NULL").all();
  expect(marked()).toEqual([{ name: "a" }]);
  expect(lookUp(ledger, files)).toEqual([DONE, DONE]);
  ledger.flush();
  expect(marked()).toEqual([{ name: "a" }, { name: "b" }]);
});

/** Waits until a file's times lie more than the kernel's tick back. */
async function olderThanATick(path: string): Promise<FoundFile> {
  await until(() => Date.now() > foundFile(path).ctimeUs / 1_000 + 25, "a tick has passed");
  return foundFile(path);
}

test("three ways of hiding a change: a restored mtime, a reused inode, a file system of whole seconds", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { ledger } = opened;
  const path = folder.file("cv.pdf");
  const remember = async (): Promise<FoundFile> => {
    const file = await olderThanATick(path);
    const readFromMs = Date.now();
    const { checksum } = await hashFile(path);
    ledger.remember(file, checksum, readFromMs);
    ledger.flush();
    expect(lookUp(ledger, [foundFile(path)])).toEqual([hashed(checksum)]);
    return file;
  };

  writeFileSync(path, "one");
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  await remember();
  writeFileSync(path, "two");
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  expect(lookUp(ledger, [foundFile(path)])).toEqual([null]);

  // Whether the file system gives the inode out again or not, it is what a lookup would see then.
  const before = await remember();
  writeFileSync(folder.file("new"), "six");
  utimesSync(folder.file("new"), 1_700_000_000, 1_700_000_000);
  renameSync(folder.file("new"), path);
  expect(lookUp(ledger, [{ ...foundFile(path), inode: before.inode }])).toEqual([null]);

  // Two changes within one tick look alike: neither is remembered until the tick is over, the kernel's or FAT's.
  const fresh = foundFile(path);
  ledger.remember(fresh, checksumOf("six"), fresh.ctimeUs / 1_000 + 19);
  ledger.flush();
  expect(lookUp(ledger, [fresh])).toEqual([null]);
  const coarse = fileOf("usb.pdf", { mtimeUs: 1_000_000_000, ctimeUs: 1_000_000_000 });
  for (const [readFromMs, known] of [
    [1_000_000, null],
    [1_001_999, null],
    [1_002_000, hashed(checksumOf("second"))],
  ] as const) {
    ledger.remember(coarse, checksumOf("second"), readFromMs);
    ledger.flush();
    expect(lookUp(ledger, [coarse])).toEqual([known]);
  }
});

test("files that have gone are forgotten where something changes; folders once nobody has been there for 90 days", async () => {
  using folder = tempFolder();
  let nowMs = Date.UTC(2026, 0, 1);
  using opened = await uploadStore(folder, { now: () => nowMs });
  const { db } = opened.store;
  const { ledger } = opened;
  for (const name of ["inbox", "still"]) mkdirSync(folder.file(name));
  const remember = (...names: [string, string]): FoundFile => {
    writeFileSync(folder.file(...names), names.join());
    const file = foundFile(folder.file(...names));
    ledger.remember(file, checksumOf(names.join()), LATER);
    return file;
  };
  const kept = () =>
    db
      .query<{ name: string }, []>("SELECT name FROM hashed_file ORDER BY folder_id, name")
      .all()
      .map(({ name }) => name);
  const old = Array.from({ length: 5 }, (_, index) => remember("inbox", `old ${index}.pdf`));
  const still = remember("still", "still.pdf");
  remember("still", "gone.pdf");
  ledger.flush();
  for (const file of old.slice(1)) rmSync(file.path);
  rmSync(folder.file("still", "gone.pdf"));

  // A later run, which hashes one new file in the inbox.
  const later = new Ledger(db, { destinationId: opened.destinationId, runId: RUN_ID + 1, now: () => nowMs });
  later.remember(remember("inbox", "new.pdf"), checksumOf("new"), LATER);
  later.prune();
  expect(kept()).toEqual(["new.pdf", "old 0.pdf", "gone.pdf", "still.pdf"]);

  nowMs += 80 * DAY_MS;
  expect(lookUp(later, [still])).not.toEqual([null]);
  later.prune();
  nowMs += 20 * DAY_MS;
  later.prune();
  expect(kept()).toEqual(["gone.pdf", "still.pdf"]);
  // A clock that jumps back and forth costs nothing that is still visited.
  nowMs -= 200 * DAY_MS;
  lookUp(later, [still]);
  later.prune();
  expect(db.query("SELECT seen_at_ms AS at FROM hashed_folder").get()).toEqual({ at: nowMs });
  expect(kept()).toEqual(["gone.pdf", "still.pdf"]);
});

test("of a large folder a thousand files are looked for, by chance which; what cannot be asked after stays", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { db } = opened.store;
  const { ledger } = opened;
  for (let index = 0; index < 1_500; index += 1)
    ledger.remember(fileOf(`gone ${String(index).padStart(4, "0")}`), checksumOf("x"), Date.now());
  symlinkSync("circle", folder.file("circle"));
  ledger.remember(fileOf("x", { path: folder.file("circle", "x") }), checksumOf("y"), Date.now());
  ledger.flush();
  const folderIds = db
    .query<{ id: number }, []>("SELECT id FROM hashed_folder")
    .all()
    .map(({ id }) => id);
  const prune = (random: number) => pruneCache(db, { folderIds, nowMs: Date.now(), random: () => random });
  expect(prune(0.999)).toBe(1_000);
  expect(db.query("SELECT min(name) AS first, count(*) AS count FROM hashed_file").get()).toEqual({
    first: "gone 0000",
    count: 501,
  });
  expect([prune(0), prune(0)]).toEqual([500, 0]);
});

test("a store of before: its cache is made anew, its history stays, and files of it are hashed once", () => {
  using folder = tempFolder();
  const path = folder.file("store.db");
  const url = "https://tanova.example";
  const file = folder.file("cv.pdf");
  writeFileSync(file, "cv");
  const { size, ino, mtimeMs } = statSync(file);
  {
    using db = new Database(path, { create: true, strict: true });
    migrate(db, "store", MIGRATIONS.slice(0, STEP));
    db.run(`INSERT INTO destination (url) VALUES ('${url}')`);
    db.run(`INSERT INTO content (destination_id, checksum, state, via, updated_at_ms)
      VALUES (1, '${checksumOf("cv")}', 'done', 'upload', 1)`);
    db.query("INSERT INTO hashed_file VALUES (?, ?, ?, ?, ?)").run(
      file,
      size,
      mtimeMs * 1_000,
      ino,
      checksumOf("cv"),
    );
    migrate(db, "store", MIGRATIONS);
    const cache = new ChecksumCache(db, { destinationId: 1 });
    const found = foundFile(file);
    expect(lookUp(cache, [found])).toEqual([null]);
    cache.remember(found, checksumOf("cv"), LATER);
    db.transaction(() => cache.writeAll())();
    expect(lookUp(cache, [found])).toEqual([DONE]);
  }
  using store = openStore({ path });
  expect(store.db.query("SELECT count(*) AS count FROM content WHERE state = 'done'").get()).toEqual({
    count: 1,
  });
});

/** The schema step that gave the cache its ctime. */
const STEP = MIGRATIONS.findIndex((sql) => sql.includes("done_generation"));
