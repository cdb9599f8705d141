import { expect, test } from "bun:test";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PortableWatch } from "../../../src/upload/watch/portable-watch.ts";
import { ReadyFiles } from "../../../src/upload/watch/ready-files.ts";
import type { SessionEnd } from "../../../src/upload/watch/session.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const RULES = {
  isCandidate: (name: string): boolean => name.endsWith(".pdf"),
  isEntered: (_path: string, name: string): boolean => name !== ".git",
  isRules: (name: string): boolean => name === ".nodupeignore",
};

interface Watching extends AsyncDisposable {
  /** As often as each was told. */
  readonly files: string[];
  readonly rescans: string[];
  readonly end: Promise<SessionEnd>;
}

/** fs.watch of this system at work on a folder. */
async function watching(root: string, rescanMs = 3_600_000): Promise<Watching> {
  const abort = new AbortController();
  const ready = new ReadyFiles();
  const files: string[] = [];
  const rescans: string[] = [];
  const { signal } = abort;
  const options = { root, rules: RULES, settleMs: 200, rescanMs, ready, signal };
  const watch = new PortableWatch({ ...options, now: () => performance.now(), onWatching: () => undefined });
  const end = watch.run();
  const taking = (async () => {
    for await (const arrival of ready.take(signal)) {
      if (arrival.type === "rescan") rescans.push(arrival.reason);
      else files.push(...arrival.relativePaths);
    }
  })();
  await until(() => rescans.length > 0, "it watches");
  return {
    files,
    rescans,
    end,
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      await Promise.all([end, taking]);
    },
  };
}

const told = (watch: Watching, ...paths: readonly string[]): Promise<void> =>
  until(() => paths.every((path) => watch.files.includes(path)), `${paths.join(", ")} have arrived`, 20_000);

function write(folder: TempFolder, ...parts: readonly string[]): void {
  mkdirSync(folder.file(...parts.slice(0, -1)), { recursive: true });
  writeFileSync(folder.file(...parts), parts.join("/"));
}

test("files in new, nested, moved and renamed folders arrive once, under the name that they end with", async () => {
  using folder = tempFolder();
  using outside = tempFolder();
  mkdirSync(folder.file("there", "before"), { recursive: true });
  await using watch = await watching(folder.path);
  write(folder, "there", "before", "1.pdf");
  write(folder, "new.with.dots", "deep", "deeper", "2.pdf");
  write(outside, "tree", "sub.pdf", "3.pdf");
  write(outside, "tree", ".git", "no.pdf");
  write(outside, "tree", "no cv.txt");
  renameSync(outside.file("tree"), folder.file("tree"));
  await told(watch, "there/before/1.pdf", "new.with.dots/deep/deeper/2.pdf", "tree/sub.pdf/3.pdf");
  renameSync(folder.file("new.with.dots", "deep"), folder.file("renamed"));
  write(folder, "renamed", "deeper", "4.pdf");
  write(folder, ".part");
  renameSync(folder.file(".part"), folder.file("5.pdf"));
  write(folder, ".git", "objects", "6.pdf");
  write(folder, "gone", "7.pdf");
  rmSync(folder.file("gone"), { recursive: true });
  const after = ["renamed/deeper/2.pdf", "renamed/deeper/4.pdf", "5.pdf"];
  await told(watch, ...after);
  expect(watch.files.toSorted()).toEqual(
    ["there/before/1.pdf", "new.with.dots/deep/deeper/2.pdf", "tree/sub.pdf/3.pdf", ...after].toSorted(),
  );
  expect(watch.rescans).toEqual(["watching has begun"]);
});

test("a file that is open, or that somebody adds to, arrives once, when it is whole", async () => {
  using folder = tempFolder();
  await using watch = await watching(folder.path);
  const writer = openSync(folder.file("slow.pdf"), "w");
  writeSync(writer, "half");
  for (let line = 0; line < 3; line += 1) {
    appendFileSync(folder.file("lines.pdf"), `${line}\n`);
    write(folder, `${line}.pdf`);
    await told(watch, `${line}.pdf`);
  }
  await told(watch, "lines.pdf");
  expect(watch.files).not.toContain("slow.pdf");
  writeSync(writer, "whole");
  closeSync(writer);
  await told(watch, "slow.pdf");
  for (const path of ["slow.pdf", "0.pdf", "1.pdf", "2.pdf"])
    expect(watch.files.filter((file) => file === path)).toHaveLength(1);
});

test("a changed ignore file and the time for it ask for a rescan", async () => {
  using folder = tempFolder();
  await using watch = await watching(folder.path, 300);
  write(folder, ".nodupeignore");
  await until(() => watch.rescans.includes("an ignore file has changed"), "the ignore file was seen");
  await until(() => watch.rescans.includes("the regular rescan is due"), "a regular rescan");
});

test("a root that is moved away, removed or replaced ends the watching", async () => {
  using folder = tempFolder();
  const changes: Readonly<Record<string, (root: string) => void>> = {
    moved: (root) => renameSync(root, `${root} old`),
    removed: (root) => rmSync(root, { recursive: true }),
    replaced: (root) => {
      renameSync(root, `${root} old`);
      mkdirSync(root);
    },
  };
  const ends = Object.entries(changes).map(async ([name, change]) => {
    const root = folder.file(name);
    mkdirSync(join(root, "sub"), { recursive: true });
    await using watch = await watching(root);
    change(root);
    return await watch.end;
  });
  expect(await Promise.all(ends)).toEqual(ends.map(() => ({ type: "root-gone" })));
});
