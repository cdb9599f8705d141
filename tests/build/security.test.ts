import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");
const SECURITY = readFileSync(join(ROOT, "SECURITY.md"), "utf8");

const named = [...SECURITY.matchAll(/`(?:bun )?((?:tests|bench|build)\/[\w/.-]+)/g)].map(
  (match) => match[1] ?? "",
);

test("every test, benchmark and file named in SECURITY.md exists", () => {
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test("every untrusted input names the test that covers it", () => {
  const untrusted = SECURITY.slice(SECURITY.indexOf("## What is not trusted"));
  const parts = untrusted.split(/^##+ /m).slice(2);
  const without = parts.filter((part) => !/`tests\/[\w/.-]+\.test\.ts`/.test(part));
  expect(without.map((part) => part.split("\n")[0])).toEqual([]);
});
