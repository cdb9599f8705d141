import { expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { ChecksumCache } from "../../../src/upload/intake/checksum-cache.ts";
import { forget } from "../../../src/upload/ledger/history.ts";
import { scanOnly } from "../../../src/upload/scan/file-list.ts";
import { globFilter } from "../../../src/upload/scan/filter.ts";
import { filesOf, openRoot, scan, type ScanEvent } from "../../../src/upload/scan/scan.ts";
import { tempFolder } from "../../support/temp.ts";
import { checksumOf, type UploadStore, uploadStore } from "../../support/upload/upload-store.ts";

const EVERYTHING = globFilter([], []);
/** When a file of a test was read, at any time after its times. */
const LATER = Infinity;

/** Of each file what is known of it, and how many pages were known as a whole. */
function known(
  cache: ChecksumCache,
  events: Iterable<ScanEvent>,
): { files: Record<string, string>; pages: number } {
  const files: Record<string, string> = {};
  let pages = 0;
  for (const event of events) {
    if (event.type !== "files") continue;
    const { page } = event;
    const told = cache.lookUp(page);
    if (told === null) pages += 1;
    for (let at = 0; at < page.size; at += 1) {
      const what = told?.[at] ?? { type: "done" };
      files[page.path(at)] = "checksum" in what ? what.checksum : what.type;
    }
  }
  return { files, pages };
}

/** All of a tree is uploaded, and remembered. */
function upload({ ledger }: UploadStore, root: string): void {
  for (const file of filesOf(scan(root, EVERYTHING))) {
    const checksum = checksumOf(file.path);
    ledger.remember(file, checksum, LATER);
    ledger.done({ path: file.path, checksum }, "upload");
  }
  ledger.flush();
}

const steps = fc.array(
  fc.record({
    step: fc.constantFrom(
      "append",
      "touch",
      "add",
      "remove",
      "rename",
      "replace",
      "link",
      "chmod",
      "ignore",
      "forget",
      "look",
      "upload",
    ),
    name: fc.constantFrom("a.pdf", "b.pdf", "c.txt", "in/a.pdf", "in/d.md"),
  }),
  { minLength: 1, maxLength: 12 },
);

function play(step: string, name: string, at: (name: string) => string): void {
  const path = at(name);
  const isThere = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (step === "append" && isThere) appendFileSync(path, "x");
  if (step === "add") writeFileSync(at(`new ${name.replace("/", " ")}`), name);
  if (step === "ignore") writeFileSync(at(".nodupeignore"), name === "a.pdf" ? "" : name);
  if (!isThere) return;
  if (step === "touch") utimesSync(path, 1, 1);
  if (step === "remove") rmSync(path);
  if (step === "rename") renameSync(path, at(`b.${name.split(".")[1] ?? ""}`));
  if (step === "chmod") chmodSync(path, 0o600);
  if (step === "replace") {
    writeFileSync(at("other"), "y");
    renameSync(at("other"), path);
  }
  if (step === "link") {
    rmSync(path);
    symlinkSync(at("a.pdf"), path);
  }
}

test("whatever happens to a tree and to history, pages that are known say of no file other than its row does", async () => {
  using at = tempFolder();
  using opened = await uploadStore(at);
  const { db } = opened.store;
  const { destinationId } = opened;
  let pages = 0;
  fc.assert(
    fc.property(steps, (taken) => {
      using folder = tempFolder();
      const root = openRoot(folder.path);
      mkdirSync(folder.file("in"));
      for (const name of ["a.pdf", "b.pdf", "in/a.pdf", "in/image.png"])
        writeFileSync(folder.file(name), name);
      upload(opened, root);
      const cache = new ChecksumCache(db, { destinationId });
      for (const { step, name } of taken) {
        if (step === "upload") upload(opened, root);
        else if (step === "forget") forget(db, destinationId, [checksumOf(`${root}/${name}`)]);
        else play(step, name, (of) => folder.file(of));
        const byPages = known(cache, scan(root, EVERYTHING));
        db.transaction(() => cache.writeAll())();
        pages += byPages.pages;
        const rows = new ChecksumCache(db, { destinationId });
        db.run("SAVEPOINT without_pages");
        db.run("DELETE FROM hashed_page");
        expect(byPages.files).toEqual(known(rows, scan(root, EVERYTHING)).files);
        db.run("ROLLBACK TO without_pages");
        db.run("RELEASE without_pages");
      }
    }),
    { numRuns: 30 },
  );
  // Else nothing was tried.
  expect(pages).toBeGreaterThan(10);
});

test("a folder of several pages: each is known by itself; not for another destination, not after something is forgotten", async () => {
  using at = tempFolder();
  using folder = tempFolder();
  using opened = await uploadStore(at);
  const { db } = opened.store;
  for (let index = 0; index < 2_500; index += 1) writeFileSync(folder.file(`candidate ${index}.pdf`), "x");
  const root = openRoot(folder.path);
  upload(opened, root);
  const cache = new ChecksumCache(db, { destinationId: opened.destinationId });
  const look = (of = cache): number => {
    const { files, pages } = known(of, scan(root, EVERYTHING));
    expect(Object.keys(files).length).toBe(2_500);
    db.transaction(() => of.writeAll())();
    return pages;
  };
  expect(look()).toBe(0);
  const all = look();
  expect(all).toBeGreaterThan(2);
  appendFileSync(folder.file("candidate 7.pdf"), "y");
  expect(look()).toBe(all - 1);
  upload(opened, root);
  expect([look(), look()]).toEqual([all - 1, all]);
  const elsewhere = new ChecksumCache(db, { destinationId: opened.destinationId + 1 });
  expect(look(elsewhere)).toBe(0);
  const ignoring = new ChecksumCache(db, { destinationId: opened.destinationId, isIgnored: true });
  expect(look(ignoring)).toBe(0);
  forget(db, opened.destinationId, [checksumOf(`${root}/candidate 9.pdf`)]);
  expect(look()).toBe(0);
});

test("a list of some files of a folder does not take the place of the folder's page", async () => {
  using at = tempFolder();
  using folder = tempFolder();
  using opened = await uploadStore(at);
  const { db } = opened.store;
  for (const name of ["a.pdf", "b.pdf"]) writeFileSync(folder.file(name), name);
  const root = openRoot(folder.path);
  upload(opened, root);
  const cache = new ChecksumCache(db, { destinationId: opened.destinationId });
  const pages: number[] = [];
  for (const events of [
    () => scan(root, EVERYTHING),
    () => scanOnly(root, EVERYTHING, ["a.pdf"]),
    () => scan(root, EVERYTHING),
  ]) {
    pages.push(known(cache, events()).pages);
    db.transaction(() => cache.writeAll())();
  }
  expect(pages).toEqual([0, 0, 1]);
});

test("a page is known as soon as the last of its files is done: by rows on the disk, of files as they were on it", async () => {
  using at = tempFolder();
  using folder = tempFolder();
  using opened = await uploadStore(at);
  const { ledger, store } = opened;
  for (const name of ["a.pdf", "b.pdf"]) writeFileSync(folder.file(name), name);
  const root = openRoot(folder.path);
  /** Uploads what is not known. */
  const take = (skip: (name: string) => boolean): void => {
    for (const event of scan(root, EVERYTHING)) {
      if (event.type !== "files") continue;
      for (const what of ledger.lookUp(event.page) ?? []) {
        if (what.type === "done" || skip(what.file.entry)) continue;
        const checksum = what.type === "hashed" ? what.checksum : checksumOf(what.file.path);
        ledger.remember(what.file, checksum, LATER);
        ledger.done({ path: what.file.path, checksum }, "upload");
      }
    }
    ledger.flush();
  };
  const isKnown = (): boolean => {
    ledger.flush();
    const cache = new ChecksumCache(store.db, { destinationId: opened.destinationId });
    return known(cache, scan(root, EVERYTHING)).pages === 1;
  };
  take((name) => name === "b.pdf");
  expect(isKnown()).toBe(false);
  take(() => false);
  expect(isKnown()).toBe(true);
  appendFileSync(folder.file("a.pdf"), "more");
  expect(isKnown()).toBe(false);
  take(() => false);
  expect(isKnown()).toBe(true);
});

test("with --checksum a content that is found anew under an unchanged file is not known by its page", async () => {
  using at = tempFolder();
  using folder = tempFolder();
  using opened = await uploadStore(at);
  const { destinationId } = opened;
  const { db } = opened.store;
  writeFileSync(folder.file("a.pdf"), "x");
  const root = openRoot(folder.path);
  upload(opened, root);
  const cache = new ChecksumCache(db, { destinationId });
  known(cache, scan(root, EVERYTHING));
  db.transaction(() => cache.writeAll())();
  expect(known(cache, scan(root, EVERYTHING)).pages).toBe(1);
  const rehashing = new ChecksumCache(db, { destinationId, isIgnored: true });
  for (const file of filesOf(scan(root, EVERYTHING))) rehashing.remember(file, checksumOf("other"), LATER);
  db.transaction(() => rehashing.writeAll())();
  expect(known(cache, scan(root, EVERYTHING))).toEqual({
    files: { [`${root}/a.pdf`]: checksumOf("other") },
    pages: 0,
  });
});
