import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

/** Programs that check.sh names as prerequisites, and those of every Debian. */
const ESSENTIAL =
  "git npm awk chroot dpkg dpkg-deb ln mkfifo mount script setpriv setsid sha256sum sleep stty tar unshare".split(
    " ",
  );

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

test("check.sh installs every program that a test needs, and no others", () => {
  const listed = [...(/^PROGRAMS="([^"]*)"/m.exec(read("build/check.sh"))?.[1] ?? "").matchAll(/(\S+):\S+/g)]
    .map((match) => match[1] ?? "")
    .filter((program) => !program.startsWith("/"));
  const tests = [...new Bun.Glob("tests/**/*.ts").scanSync({ cwd: ROOT })].map(read);
  const needed = new Set(
    tests.flatMap((source) =>
      [...source.matchAll(/\b(?:needs|needsExecution|programPath)\(([^)]*)\)/g)].flatMap((match) =>
        [...(match[1] ?? "").matchAll(/"([^"]+)"/g)].map((name) => name[1] ?? ""),
      ),
    ),
  );
  const used = [
    ...tests,
    read("build/check-arm64.sh"),
    ...[...new Bun.Glob("bench/**/*.ts").scanSync({ cwd: ROOT })].map(read),
  ];
  expect({
    missing: [...needed].filter((program) => !listed.includes(program) && !ESSENTIAL.includes(program)),
    superfluous: listed.filter((program) => !used.some((source) => source.includes(program))),
  }).toEqual({ missing: [], superfluous: [] });
});
