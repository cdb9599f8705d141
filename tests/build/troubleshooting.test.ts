import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** The code of each file that can print a message, and of install.sh. */
const SOURCES = [...new Bun.Glob("src/**/*.ts").scanSync({ cwd: ROOT }), "install.sh"].map((file) =>
  readFileSync(join(ROOT, file), "utf8"),
);

/**
 * What can replace `…` of a message in the code: an expression, or the end of one literal and the start of the
 * next.
 */
const GAP = String.raw`[^\n]{0,200}?`;

function messagesOf(page: string): string[] {
  return [...page.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? "");
}

function isSaid(message: string): boolean {
  const parts = message.split("…").map((part) => RegExp.escape(part));
  const pattern = new RegExp(parts.join(GAP));
  return SOURCES.some((source) => pattern.test(source));
}

test("every message in docs/troubleshooting.md is one that the program prints", () => {
  const messages = messagesOf(readFileSync(join(ROOT, "docs/troubleshooting.md"), "utf8"));
  expect(messages.length).toBeGreaterThan(40);
  // A fragment of a few letters would be found anywhere.
  const vague = messages.filter((message) => Math.max(...message.split("…").map((part) => part.length)) < 10);
  expect({ unsaid: messages.filter((message) => !isSaid(message)), vague }).toEqual({
    unsaid: [],
    vague: [],
  });
});

test("a message that is never printed is detected", () => {
  expect(isSaid("the clock is … and lonely")).toBe(false);
  expect(messagesOf("| `a message` | x | y |\n| plain | x | y |\n")).toEqual(["a message"]);
});
