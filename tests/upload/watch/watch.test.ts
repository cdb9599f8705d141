import { expect, test } from "bun:test";
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type Arrival } from "../../../src/upload/watch/ready-files.ts";
import { TreeWatch, type WatchMode } from "../../../src/upload/watch/watch.ts";
import { patient } from "../../support/emulation.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const SETTLE_MS = 200;
const RULES = {
  isCandidate: (name: string): boolean => name.endsWith(".pdf"),
  isEntered: (_path: string, name: string): boolean => name !== ".git",
  isRules: (name: string): boolean => name === ".nodupeignore",
};

interface Watching extends AsyncDisposable {
  readonly files: string[];
  readonly rescans: string[];
  readonly modes: WatchMode[];
}

interface Changes {
  readonly settleMs?: number;
  readonly rescanMs?: number;
  readonly scanEveryMs?: number;
}

/** A watcher at work, and all that it has told. */
function watching(root: string, options: Changes = {}): Watching {
  const end = new AbortController();
  const told: Watching = {
    files: [],
    rescans: [],
    modes: [],
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await taking;
    },
  };
  const watch = new TreeWatch({
    root,
    rules: RULES,
    settleMs: SETTLE_MS,
    rescanMs: 3_600_000,
    scanEveryMs: 30_000,
    ...options,
    signal: end.signal,
    now: () => performance.now(),
    onMode: (mode) => told.modes.push(mode),
  });
  const take = async (): Promise<void> => {
    for await (const arrival of watch.arrivals()) note(arrival);
  };
  const note = (arrival: Arrival): void => {
    if (arrival.type === "files") told.files.push(...arrival.relativePaths);
    else told.rescans.push(arrival.reason);
  };
  const taking = take();
  return told;
}

async function started(root: string, options: Changes = {}): Promise<Watching> {
  const told = watching(root, options);
  await until(() => told.rescans.length > 0, "everything is watched");
  return told;
}

test("a first rescan is asked for once everything is watched", async () => {
  using folder = tempFolder();
  mkdirSync(folder.file("a", "b"), { recursive: true });
  mkdirSync(folder.file(".git"));
  await using told = await started(folder.path);
  expect(told.rescans).toEqual(["watching has begun"]);
  expect(told.modes).toEqual([{ type: "events", folders: 3 }]);
});

test("files in new, nested, moved and renamed folders arrive, under the name they end with", async () => {
  using folder = tempFolder();
  using outside = tempFolder();
  await using told = await started(folder.path);
  mkdirSync(folder.file("new", "deep", "deeper"), { recursive: true });
  writeFileSync(folder.file("new", "deep", "deeper", "1.pdf"), "1");
  mkdirSync(outside.file("tree", "sub"), { recursive: true });
  writeFileSync(outside.file("tree", "sub", "2.pdf"), "2");
  renameSync(outside.file("tree"), folder.file("tree"));
  await until(() => told.files.length === 2, "both have arrived");
  renameSync(folder.file("new", "deep"), folder.file("renamed"));
  writeFileSync(folder.file("renamed", "deeper", "3.pdf"), "3");
  writeFileSync(folder.file("new", "no cv.txt"), "");
  linkSync(folder.file("renamed", "deeper", "3.pdf"), folder.file("4.pdf"));
  const after = ["4.pdf", "renamed/deeper/1.pdf", "renamed/deeper/3.pdf"];
  await until(() => after.every((path) => told.files.includes(path)), "what came afterwards has arrived");
  // One that is written while its folder is looked through may be told by both: its content is known by then.
  const arrived = [...new Set(told.files)].toSorted();
  expect(arrived).toEqual([...after, "new/deep/deeper/1.pdf", "tree/sub/2.pdf"].toSorted());
  expect(told.rescans).toHaveLength(1);
});

test("what happens in a folder that was moved out of the tree is nobody's business", async () => {
  using folder = tempFolder();
  using outside = tempFolder();
  mkdirSync(folder.file("a", "b"), { recursive: true });
  await using told = await started(folder.path);
  renameSync(folder.file("a"), outside.file("a"));
  writeFileSync(outside.file("a", "b", "1.pdf"), "1");
  mkdirSync(folder.file("a"));
  writeFileSync(folder.file("a", "2.pdf"), "2");
  await until(() => told.files.includes("a/2.pdf"), "the new file has arrived");
  expect(told.files).toEqual(["a/2.pdf"]);
});

test("a file that somebody has open does not arrive until it is closed, then once", async () => {
  using folder = tempFolder();
  await using told = await started(folder.path);
  const writer = openSync(folder.file("slow.pdf"), "w");
  writeSync(writer, "half");
  writeFileSync(folder.file("other.pdf"), "whole");
  await until(() => told.files.includes("other.pdf"), "the other one has arrived");
  writeSync(writer, "whole");
  expect(told.files).toEqual(["other.pdf"]);
  closeSync(writer);
  await until(() => told.files.length === 2, "it has arrived");
  expect(told.files).toEqual(["other.pdf", "slow.pdf"]);
});

test("a temporary file that is renamed arrives at once; one written line by line arrives once", async () => {
  using folder = tempFolder();
  // Longer than one line takes to follow the other.
  await using told = await started(folder.path, { settleMs: patient(500) });
  for (let line = 0; line < 5; line += 1) {
    appendFileSync(folder.file("log.pdf"), `${line}\n`);
    writeFileSync(folder.file(".part"), "x");
    renameSync(folder.file(".part"), folder.file(`${line}.pdf`));
    await until(() => told.files.includes(`${line}.pdf`), "the renamed one has arrived");
  }
  await until(() => told.files.includes("log.pdf"), "the log has arrived");
  expect(told.files.filter((path) => path === "log.pdf")).toHaveLength(1);
  expect(told.files).toHaveLength(6);
});

test("more at once than the kernel's queue holds: the tree is rescanned, and watched as it is by then", async () => {
  using folder = tempFolder();
  using outside = tempFolder();
  mkdirSync(folder.file("moved", "sub"), { recursive: true });
  mkdirSync(folder.file("left"));
  await using told = await started(folder.path);
  const most = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  // Each makes an event at least, and nothing reads them meanwhile: this is the watcher's own process.
  for (let at = 0; at <= most; at += 1) writeFileSync(folder.file("left", `${at % 2}.txt`), "");
  // Nobody is told of these.
  renameSync(folder.file("moved"), folder.file("now here"));
  renameSync(folder.file("left"), outside.file("left"));
  mkdirSync(folder.file("new"));
  await until(() => told.rescans.length > 1, "a rescan was asked for", 30_000);
  expect(told.rescans.at(-1)).toBe("more happened at once than the kernel's queue holds");
  writeFileSync(outside.file("left", "away.pdf"), "x");
  const after = ["new/1.pdf", "now here/2.pdf", "now here/sub/3.pdf"];
  for (const path of after) writeFileSync(folder.file(path), "x");
  await until(() => after.every((path) => told.files.includes(path)), "single files are told again", 30_000);
  expect(told.files.toSorted()).toEqual(after);
});

test("a changed ignore file and the time for it have the tree looked through", async () => {
  using folder = tempFolder();
  await using told = await started(folder.path, { rescanMs: 300 });
  writeFileSync(folder.file(".nodupeignore"), "x");
  await until(() => told.rescans.includes("an ignore file has changed"), "the ignore file was seen");
  await until(() => told.rescans.includes("the regular rescan is due"), "a regular rescan");
  expect(told.modes).toHaveLength(1);
});

test("a root that is moved away, replaced or removed and made again is watched again", async () => {
  using folder = tempFolder();
  const root = folder.file("root");
  mkdirSync(root);
  await using told = await started(root);
  renameSync(root, folder.file("old"));
  await until(() => told.modes.at(-1)?.type === "absent", "the root is missed", 15_000);
  mkdirSync(root);
  await until(() => told.modes.at(-1)?.type === "events", "the new root is watched", 15_000);
  writeFileSync(join(root, "1.pdf"), "1");
  await until(() => told.files.includes("1.pdf"), "a file of the new root has arrived");
  const before = told.rescans.length;
  rmSync(root, { recursive: true });
  mkdirSync(root);
  await until(() => told.rescans.length > before, "the root is looked through again", 15_000);
  writeFileSync(join(root, "2.pdf"), "2");
  await until(() => told.files.includes("2.pdf"), "a file of the newest root has arrived", 15_000);
});
