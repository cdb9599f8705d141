import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const SRC = join(import.meta.dir, "../src");

/** What each folder of src may import beside itself; jobs never import each other, and nothing imports upwards. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  settings: ["lib"],
  db: ["lib", "settings"],
  time: ["lib", "settings", "db"],
  nodes: ["lib", "settings", "db", "workers.ts"],
  upload: ["lib", "settings", "db", "workers.ts"],
  upgrade: ["lib", "settings"],
  workers: ["lib", "nodes", "upload", "bench"],
  "workers.ts": ["lib"],
  bench: ["lib", "settings", "db", "time", "nodes", "upload", "workers.ts"],
  render: ["lib", "db", "time", "nodes", "upload", "upgrade", "settings", "bench"],
  cli: ["lib", "db", "time", "nodes", "upload", "upgrade", "settings", "bench", "render", "workers.ts"],
  "main.ts": ["cli", "lib"],
};

/** Modules that only the named folders may import. */
const OWNED: Readonly<Record<string, readonly string[]>> = {
  "bun:sqlite": ["db", "time", "nodes", "upload", "bench"],
  "drizzle-orm": ["db", "time", "nodes", "upload"],
  citty: ["cli"],
  "consola/core": ["cli"],
  tinybench: ["bench"],
  zod: ["settings", "time", "nodes", "upload", "upgrade", "bench"],
};

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const source = readFileSync(join(SRC, file), "utf8");
  const folder = file.split("/")[0] ?? file;
  return [...source.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"([^"]+)"/g)].map((match) => ({
    file,
    folder,
    target: match[1] ?? "",
  }));
}

const FILES = [...new Bun.Glob("**/*.ts").scanSync({ cwd: SRC })].toSorted();
const IMPORTS = FILES.flatMap(importsOf);

test("every folder of src has its place among the layers", () => {
  const folders = new Set(FILES.map((file) => file.split("/")[0] ?? file));
  expect([...folders].filter((folder) => MAY_IMPORT[folder] === undefined)).toEqual([]);
});

test("no folder imports upwards or from another job", () => {
  const wrong = IMPORTS.filter(({ target }) => target.startsWith(".")).filter(({ file, folder, target }) => {
    const path = normalize(join(dirname(file), target));
    const into = path.split("/")[0] ?? path;
    const isOutside = path.startsWith("..");
    return !isOutside && into !== folder && MAY_IMPORT[folder]?.includes(into) !== true;
  });
  expect(wrong).toEqual([]);
});

test("sqlite, drizzle, citty, consola, tinybench and zod are used where they belong", () => {
  const wrong = IMPORTS.filter(({ folder, target }) => {
    const owned = Object.keys(OWNED).find((name) => target === name || target.startsWith(`${name}/`));
    return owned !== undefined && OWNED[owned]?.includes(folder) !== true;
  });
  expect(wrong).toEqual([]);
});

test("only the command layer touches the environment and the standard streams", () => {
  const wrong = FILES.filter((file) => !file.startsWith("cli/") && file !== "main.ts").filter((file) =>
    /\bprocess\.(env|stdout|stderr|stdin|argv|exit)\b/.test(readFileSync(join(SRC, file), "utf8")),
  );
  expect(wrong).toEqual([]);
});

test("workers are started in one place", () => {
  const wrong = FILES.filter((file) => file !== "workers.ts").filter((file) =>
    /\bnew Worker\(/.test(readFileSync(join(SRC, file), "utf8")),
  );
  expect(wrong).toEqual([]);
});

test("no file of src has more than 350 lines", () => {
  const long = FILES.filter((file) => readFileSync(join(SRC, file), "utf8").split("\n").length > 351);
  expect(long).toEqual([]);
});
