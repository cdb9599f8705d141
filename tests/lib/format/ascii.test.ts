import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAsciiLocale, toAscii } from "../../../src/lib/format/ascii.ts";

const SRC = join(import.meta.dir, "../../../src");

test("in the C locale everything that the program itself writes is ASCII", () => {
  // The browser's texts are not shown on a terminal, and the demo board's names stand for outside names.
  const files = [...new Bun.Glob("**/*.ts").scanSync({ cwd: SRC })].filter(
    (file) => !/^serve\/(page|demo)\//.test(file),
  );
  const left = files.flatMap((file) => {
    const code = readFileSync(join(SRC, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
    return [...toAscii(code).matchAll(/[^\0-\x7f]/g)].map((match) => `${file}: ${match[0]}`);
  });
  expect(left).toEqual([]);
});

test("the locale is the first of LC_ALL, LC_CTYPE and LANG that is set", () => {
  expect(isAsciiLocale({ LANG: "C" })).toBe(true);
  expect(isAsciiLocale({ LANG: "C", LC_ALL: "C.UTF-8" })).toBe(false);
  expect(isAsciiLocale({ LANG: "en_US.UTF-8", LC_CTYPE: "POSIX" })).toBe(true);
  expect(isAsciiLocale({})).toBe(false);
});
