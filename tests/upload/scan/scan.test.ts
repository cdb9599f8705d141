import { expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import fc from "fast-check";
import { globFilter } from "../../../src/upload/scan/filter.ts";
import { filesOf, openRoot, scan, type ScanEvent } from "../../../src/upload/scan/scan.ts";
import { systemPath } from "../../../src/lib/path-bytes.ts";
import { needs } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { buildTree, trees } from "../../support/upload/trees.ts";

const EVERYTHING = globFilter([], []);

/** What the scan should tell of the tree, in the words of node:fs: one event an entry, by its path. */
function expected(root: string): Record<string, string> {
  const told: Record<string, string> = {};
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const stats = lstatSync(path);
      if (!stats.isDirectory()) told[path] = expectedOf(root, path, name);
      else if (name.startsWith(".")) told[path] = "hidden";
      else walk(path);
    }
  };
  walk(root);
  return told;
}

function expectedOf(root: string, path: string, name: string): string {
  if (name.startsWith("~$")) return "office-lock";
  if (name.startsWith(".")) return "hidden";
  if (/\.(part|tmp|crdownload)$/i.test(name)) return "temporary";
  if (!/\.(pdf|docx|doc|txt|md)$/i.test(name)) return "not-a-cv";
  let target = path;
  let fault = "";
  try {
    target = realpathSync(path);
  } catch (error) {
    target = resolve(dirname(path), readlinkSync(path));
    fault = String(error).includes("ELOOP") ? "its links lead in a circle" : "it is no longer there";
    if (String(error).includes("ENOTDIR")) fault = "ENOTDIR";
  }
  if (relative(root, target).split("/")[0] === "..") return "link-outside";
  if (fault !== "") return fault;
  const { size, mtimeMs, ino } = statSync(target);
  if (statSync(target).isDirectory()) return "link-to-folder";
  if (size === 0) return "empty";
  return `file ${relative(root, path)} ${name} ${size} ${Math.floor(mtimeMs)} ${ino}`;
}

/** What a scan tells, by path, in words: of a page, each file. */
function* inWords(events: Iterable<ScanEvent>): Generator<[path: string, words: string]> {
  for (const event of events) {
    if (event.type === "files")
      for (let at = 0; at < event.page.size; at += 1) {
        const { path, relativePath, name, sizeBytes, mtimeUs, inode } = event.page.file(at);
        yield [path, `file ${relativePath} ${name} ${sizeBytes} ${Math.floor(mtimeUs / 1000)} ${inode}`];
      }
    else
      yield event.type === "crowded" || event.type === "pause"
        ? ["", event.type]
        : [event.path, event.reason];
  }
}

test("every entry of a tree is told exactly once, as a walk with node:fs tells it, in whatever order it is stored", () => {
  fc.assert(
    fc.property(trees, (entries) => {
      const kinds = [false, true].map((isReversed) => {
        using at = tempFolder();
        const root = openRoot(buildTree(at, entries, isReversed));
        const told = [...inWords(scan(root, EVERYTHING))];
        expect(told.length).toBe(new Set(told.map(([path]) => path)).size);
        expect(Object.fromEntries(told)).toEqual(expected(root));
        return told
          .map(([path, words]) => `${relative(root, path)}: ${words.replace(/ \d+ \d+$/, "")}`)
          .toSorted();
      });
      expect(kinds[1]).toEqual(kinds[0] ?? []);
    }),
    { numRuns: 60 },
  );
});

needs("mkfifo")(
  "what is neither file nor folder is special, behind a link too, and opens nothing",
  async () => {
    using folder = tempFolder();
    await runCommand(["mkfifo", folder.file("pipe.pdf"), folder.file("pipe.png")]);
    symlinkSync("pipe.pdf", folder.file("link.pdf"));
    const root = openRoot(folder.path);
    expect(Object.fromEntries(inWords(scan(root, EVERYTHING)))).toEqual({
      [join(root, "link.pdf")]: "special",
      [join(root, "pipe.pdf")]: "special",
      [join(root, "pipe.png")]: "not-a-cv",
    });
  },
);

/** "" for one that has gone meanwhile, such as that of the folder of descriptors itself. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

const anyoneElse = { uid: 65_534, gid: 65_534 };

/** What a scan by somebody who may not read everything tells: this process may be root. */
async function scanAs(root: string): Promise<Record<string, string>> {
  const source = `
    import { scan } from ${JSON.stringify(import.meta.resolve("../../../src/upload/scan/scan.ts"))};
    import { globFilter } from ${JSON.stringify(import.meta.resolve("../../../src/upload/scan/filter.ts"))};
    if (process.getuid() === 0) { process.setgid(${anyoneElse.gid}); process.setuid(${anyoneElse.uid}); }
    const told = {};
    for (const event of scan(process.argv[1], globFilter([], []))) {
      if (event.type === "files") for (let at = 0; at < event.page.size; at += 1) told[event.page.file(at).relativePath] = "file";
      else told[event.path] = event.reason;
    }
    console.log(JSON.stringify(told));
  `;
  const { stdout, stderr, exitCode } = await runCommand([process.execPath, "-e", source, root]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, string>;
}

test("an ignore file that cannot be read fails its folder: nothing in it or below is told, the rest is", async () => {
  using folder = tempFolder();
  for (const name of ["open", "closed", "closed/below", "dangling", "odd", "named"]) {
    mkdirSync(folder.file(name));
    writeFileSync(folder.file(name, "cv.pdf"), "private");
  }
  writeFileSync(folder.file("closed", ".nodupeignore"), "*.pdf\n", { mode: 0 });
  symlinkSync("nowhere", folder.file("dangling", ".nodupeignore"));
  symlinkSync("/dev/null", folder.file("odd", ".nodupeignore"));
  mkdirSync(folder.file("named", ".nodupeignore"));
  chmodSync(folder.path, 0o755);
  const root = realpathSync(folder.path);
  expect(await scanAs(root)).toEqual({
    "open/cv.pdf": "file",
    "named/cv.pdf": "file",
    [join(root, "named/.nodupeignore")]: "hidden",
    [join(root, "closed")]: "its .nodupeignore cannot be read: not permitted to read it",
    [join(root, "dangling")]: "its .nodupeignore cannot be read: it is no longer there",
    [join(root, "odd")]: "its .nodupeignore cannot be read: it is not a regular file",
  });
});

test("names that are no UTF-8 are found, with what is sent in their place; ignore files match them", () => {
  using folder = tempFolder();
  const write = (path: string): void => writeFileSync(systemPath(`${folder.path}/${path}`), "x");
  mkdirSync(systemPath(`${folder.path}/R\udce9sum\udce9s`));
  write("R\udce9sum\udce9s/c\udcff.pdf");
  write("cv.pdf");
  write("priv\udce9.pdf");
  writeFileSync(folder.file(".nodupeignore"), Buffer.from("priv\xe9.pdf\n", "latin1"));
  symlinkSync("cv.pdf", systemPath(`${folder.path}/l\udcff.pdf`));
  const root = openRoot(folder.path);
  const found = [...filesOf(scan(root, EVERYTHING))];
  expect(
    found.map(({ path, relativePath, name }) => ({ path, relativePath, name })).toSorted(byPath),
  ).toEqual([
    {
      path: `${root}/R\udce9sum\udce9s/c\udcff.pdf`,
      relativePath: "R\ufffdsum\ufffds/c\ufffd.pdf",
      name: "c\ufffd.pdf",
    },
    { path: `${root}/cv.pdf`, relativePath: "cv.pdf", name: "cv.pdf" },
    { path: `${root}/l\udcff.pdf`, relativePath: "l\ufffd.pdf", name: "l\ufffd.pdf" },
  ]);
});

function byPath(left: { path: string }, right: { path: string }): number {
  return left.path < right.path ? -1 : 1;
}

test("one folder is open at a time, however deep the tree; beyond the longest path it is that folder's failure", async () => {
  using folder = tempFolder();
  const half = "d/".repeat(1_100);
  const script = 'mkdir -p "$2" && echo x > "$2/cv.pdf" && echo x > cv.pdf && cd "$2" && mkdir -p "$2"';
  expect((await runCommand(["sh", "-c", `cd "$1" && ${script}`, "sh", folder.path, half])).exitCode).toBe(0);
  try {
    const root = openRoot(folder.path);
    const openThere = (): number =>
      readdirSync("/proc/self/fd").filter((fd) => linkOf(`/proc/self/fd/${fd}`).startsWith(root)).length;
    const told: string[] = [];
    let pauses = 0;
    for (const event of scan(root, EVERYTHING)) {
      expect(openThere()).toBeLessThanOrEqual(1);
      if (event.type === "pause") pauses += 1;
      else told.push(event.type === "unreadable" ? event.reason : event.type);
    }
    expect(told).toEqual(["files", "files", "its path is too long"]);
    // Whoever reads it gets a chance to do something else, though folder after folder holds no file.
    expect(pauses).toBeGreaterThan(3);
  } finally {
    // node:fs cannot remove what is deeper than a path is long.
    await runCommand(["rm", "-rf", folder.file("d")]);
  }
});

test("a folder that is removed while it is read ends there, and the scan goes on", () => {
  using folder = tempFolder();
  for (const name of ["a", "b", "c"]) {
    mkdirSync(folder.file(name));
    writeFileSync(folder.file(name, "cv.pdf"), "x");
  }
  const told: string[] = [];
  for (const event of scan(openRoot(folder.path), EVERYTHING)) {
    // The first event of each folder comes before the kernel has been asked for all of its entries.
    if (event.type === "files") rmSync(event.page.folder, { recursive: true });
    told.push(event.type);
    if (told.length > 3) break;
  }
  expect(told).toEqual(["files", "files", "files"]);
});

test("a root is what its links lead to; what is missing or no folder is a usage error", () => {
  using folder = tempFolder();
  mkdirSync(folder.file("cvs"));
  writeFileSync(folder.file("cvs", "cv.pdf"), "x");
  symlinkSync("cvs", folder.file("link"));
  const root = openRoot(folder.file("link"));
  expect(root).toBe(realpathSync(folder.file("cvs")));
  expect([...inWords(scan(root, EVERYTHING))].map(([path]) => path)).toEqual([join(root, "cv.pdf")]);
  expect(() => openRoot(folder.file("none"))).toThrow("there is no folder");
  expect(() => openRoot(join(root, "cv.pdf"))).toThrow("is not a folder");
});
