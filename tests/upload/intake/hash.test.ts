import { expect, test } from "bun:test";
import {
  appendFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { statusOf } from "../../../src/lib/file-status.ts";
import {
  createHasher,
  type Hasher,
  type HasherOptions,
  type SharedBytes,
} from "../../../src/upload/intake/hash.ts";
import { startHashWorker } from "../../../src/workers.ts";
import { foundFile } from "../../support/upload/found-file.ts";
import { needs } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import { sha256 } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

const MIB = 1024 * 1024;

function inPlace(): Hasher {
  return createHasher({ startWorker: null, maxWorkers: 4, workerFromBytes: 0 });
}

/** Real workers for files of any size, and what was started of them. */
function threaded(options: Partial<HasherOptions> = {}): { hasher: Hasher; started: Promise<unknown>[] } {
  const started: Promise<unknown>[] = [];
  const startWorker = (): Worker => {
    const worker = (options.startWorker ?? startHashWorker)();
    started.push(
      new Promise((resolve) => {
        worker.addEventListener("close", () => resolve("closed"));
      }),
    );
    return worker;
  };
  return { hasher: createHasher({ maxWorkers: 2, workerFromBytes: 0, ...options, startWorker }), started };
}

function shared(bytes: number): SharedBytes {
  return new Uint8Array(new SharedArrayBuffer(bytes));
}

/** A worker that ends, in its own way, at its first question. */
function deadly(folder: { file: (name: string) => string }, body: string): () => Worker {
  writeFileSync(folder.file("deadly.ts"), `self.onmessage = () => { ${body} };\n`);
  return () => new Worker(folder.file("deadly.ts"));
}

needs("sha256sum")("in place and in workers, a file's checksum is what sha256sum says", async () => {
  using folder = tempFolder();
  const sizes = [1, 63, 64, 4_097, MIB - 1, MIB, MIB + 1, 3 * MIB + 5];
  const paths = sizes.map((size) => {
    const path = folder.file(`${size} "bytes".pdf`);
    writeFileSync(path, crypto.getRandomValues(Buffer.alloc(Math.min(size, 65_536))));
    truncateSync(path, size);
    return path;
  });
  const { stdout } = await runCommand(["sha256sum", "--zero", ...paths]);
  const expected = stdout.split("\0").map((line) => line.slice(0, 64));
  expect(expected.pop()).toBe("");
  using alone = inPlace();
  using workers = threaded().hasher;
  for (const hasher of [alone, workers]) {
    const large = await Promise.all(paths.map((path, at) => hasher.hash(path, sizes[at] ?? 0)));
    expect(large).toEqual(
      paths.map((path, at) => ({
        type: "hashed",
        file: { checksum: expected[at] ?? "", ...statusOf(statSync(path, { bigint: true })) },
      })),
    );
    const held = sizes.map(shared);
    const small = await Promise.all(
      paths.map((path, at) => hasher.read(foundFile(path), held[at] ?? shared(0))),
    );
    expect(small).toEqual(expected.map((checksum) => ({ type: "read", checksum })));
    // What was hashed is what will be sent.
    expect(held.map(sha256)).toEqual(expected);
  }
});

test("a small file that is not what the scan saw is changed, not hashed in part", async () => {
  using folder = tempFolder();
  const changes: Record<string, (path: string) => void> = {
    grown: (path) => appendFileSync(path, "more"),
    cut: (path) => truncateSync(path, 3),
    emptied: (path) => truncateSync(path, 0),
    touched: (path) => utimesSync(path, 1, 1),
    replaced: (path) => {
      writeFileSync(`${path}.new`, "content");
      const { atime, mtime } = statSync(path);
      utimesSync(`${path}.new`, atime, mtime);
      renameSync(`${path}.new`, path);
    },
  };
  using alone = inPlace();
  using workers = threaded().hasher;
  for (const [name, change] of Object.entries(changes)) {
    const path = folder.file(name);
    writeFileSync(path, "content");
    utimesSync(path, 1_000, 1_000);
    const file = foundFile(path);
    change(path);
    const outcomes = [
      await alone.read(file, shared(file.sizeBytes)),
      await workers.read(file, shared(file.sizeBytes)),
    ];
    expect({ name, outcomes }).toEqual({ name, outcomes: [{ type: "changed" }, { type: "changed" }] });
  }
});

test("a large file tells what it was while it was read, so that a change since the scan shows", async () => {
  using folder = tempFolder();
  const path = folder.file("large.pdf");
  writeFileSync(path, "content");
  const before = foundFile(path);
  appendFileSync(path, " and more");
  using hasher = inPlace();
  expect(await hasher.hash(path, before.sizeBytes)).toEqual({
    type: "hashed",
    file: { checksum: sha256("content and more"), ...statusOf(statSync(path, { bigint: true })) },
  });
});

test("what cannot be read has its reason", async () => {
  using folder = tempFolder();
  symlinkSync("loop", folder.file("loop"));
  const file = { ...foundFile(folder.path), sizeBytes: 4 };
  using alone = inPlace();
  using workers = threaded().hasher;
  const reasons = { gone: "it is no longer there", loop: "its links lead in a circle", "": "EISDIR" };
  for (const [name, reason] of Object.entries(reasons)) {
    const path = folder.file(name);
    const outcomes = await Promise.all(
      [alone, workers].flatMap((hasher) => [hasher.hash(path, 9), hasher.read({ ...file, path }, shared(4))]),
    );
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => ({ type: "unreadable", reason })));
  }
});

test("workers are started when they are needed, no more than there may be, one for small files", async () => {
  using folder = tempFolder();
  const path = folder.file("cv.pdf");
  writeFileSync(path, "content");
  const file = foundFile(path);
  const { hasher, started } = threaded({ maxWorkers: 2, workerFromBytes: 5 });
  using _ = hasher;
  await hasher.hash(path, 4);
  await hasher.read({ ...file, sizeBytes: 4 }, shared(4));
  expect(started.length).toBe(0);
  await Promise.all(Array.from({ length: 5 }, () => hasher.read(file, shared(7))));
  expect(started.length).toBe(1);
  await hasher.hash(path, 7);
  expect(started.length).toBe(1);
  await Promise.all(Array.from({ length: 5 }, () => hasher.hash(path, 7)));
  expect(started.length).toBe(2);
});

test.each([
  ["throws", `throw new Error("no memory");`, "no memory"],
  ["ends without a word", "process.exit(3);", "the thread that was to read it has ended"],
])(
  "a worker that %s leaves nobody waiting, and the next question goes to another",
  async (_, body, reason) => {
    using folder = tempFolder();
    const path = folder.file("cv.pdf");
    writeFileSync(path, "content");
    const dying = deadly(folder, body);
    let workers = 0;
    using hasher = threaded({
      maxWorkers: 1,
      startWorker: () => {
        workers += 1;
        return workers === 1 ? dying() : startHashWorker();
      },
    }).hasher;
    const waiting = [hasher.hash(path, 7), hasher.read(foundFile(path), shared(7)), hasher.hash(path, 7)];
    const unreadable = { type: "unreadable", reason: expect.stringContaining(reason) };
    expect(await Promise.all<unknown>(waiting)).toEqual([unreadable, unreadable, unreadable]);
    expect(await hasher.read(foundFile(path), shared(7))).toEqual({
      type: "read",
      checksum: sha256("content"),
    });
    expect(workers).toBe(2);
  },
);

test("disposing ends the workers, and whoever still waits for one", async () => {
  using folder = tempFolder();
  const path = folder.file("cv.pdf");
  writeFileSync(path, "content");
  const { hasher, started } = threaded();
  await Promise.all([hasher.hash(path, 7), hasher.hash(path, 7)]);
  const waiting = hasher.hash(path, 7);
  hasher[Symbol.dispose]();
  expect(await Promise.all(started)).toEqual(["closed", "closed"]);
  expect(["hashed", "unreadable"]).toContain((await waiting).type);
});
