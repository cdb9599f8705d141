import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { commandTree } from "../../src/cli/command-line/command-tree.ts";
import { flatten, nameOf } from "../../src/render/command-tree.ts";
import { manPages } from "../../src/render/man.ts";
import { needs } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";

const root = await commandTree();
const pages = manPages(root, "1.2.3", 0);

/** A page without roff escapes. */
function plain(text: string): string {
  return text
    .replaceAll(String.raw`\-`, "-")
    .replaceAll(String.raw`\e`, "\\")
    .replaceAll(/^\\&/gm, "")
    .replaceAll(/\\\[u([0-9A-F]+)\]/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}

test("there is a page for nodupe, each group and each command, under the name it is installed as", () => {
  expect(pages.map(({ file }) => file)).toEqual(
    flatten(root).map((node) => `${["nodupe", ...node.words].join("-")}.1`),
  );
  expect(pages.every(({ file }) => /^nodupe(-[a-z]+)*\.1$/.test(file))).toBe(true);
});

test("each page has a name line, its flags, settings and examples, and its exit codes", () => {
  const missing = flatten(root).flatMap((node, at) => {
    const text = plain(pages[at]?.text ?? "");
    const wanted = [
      `.SH NAME\n${["nodupe", ...node.words].join("-")} - `,
      ".SH SYNOPSIS\n\\fBnodupe",
      ".SH EXAMPLES\n",
      ".SH EXIT STATUS\n",
      ...node.flags
        .filter(({ negates }) => !negates)
        .map(({ name }) => {
          const isNegatable = node.flags.some((flag) => flag.negates && flag.name === `no-${name}`);
          return `\\fB--${isNegatable ? "[no-]" : ""}${name}\\fR`;
        }),
      ...node.settings.map(({ key }) => `\\fB${key}\\fR`),
      ...node.examples.map(([line]) => line),
      ...node.exitCodes.map(([code, meaning]) => `.TP\n${code}\n${meaning}`),
      ...node.children.map((child) => `\\fB${["nodupe", ...child.words].join("-")}\\fR(1)`),
    ];
    return wanted.filter((part) => !text.includes(part)).map((part) => `${nameOf(node)}: ${part}`);
  });
  expect(missing).toEqual([]);
});

test("every page that another one refers to exists", () => {
  const names = new Set(pages.map(({ file }) => file.replace(/\.1$/, "")));
  const referred = pages.flatMap(({ text }) =>
    [...plain(text).matchAll(/\\fB(nodupe[a-z-]*)\\fR\(1\)/g)].map((match) => match[1] ?? ""),
  );
  expect(referred.length).toBeGreaterThan(pages.length);
  expect(referred.filter((name) => !names.has(name))).toEqual([]);
});

needs("groff")("groff formats them without a warning", async () => {
  using folder = tempFolder();
  for (const { file, text } of pages) writeFileSync(folder.file(file), text);
  const files = pages.map(({ file }) => folder.file(file));
  const run = await runCommand(["groff", "-man", "-Tutf8", "-ww", "-z", ...files]);
  expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

needs("man", "lexgrog")("man shows a page, and whatis finds the purpose of each one", async () => {
  using folder = tempFolder();
  for (const { file, text } of pages) writeFileSync(folder.file(file), text);
  const shown = await runCommand(["man", "--warnings", "-l", folder.file("nodupe-sync.1")], {
    env: { MANPAGER: "cat", MANWIDTH: "80", LC_ALL: "C.UTF-8" },
  });
  expect([shown.exitCode, shown.stderr]).toEqual([0, ""]);
  for (const chapter of ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"])
    expect(shown.stdout).toContain(`\n${chapter}\n`);
  const found = await runCommand(["lexgrog", ...pages.map(({ file }) => folder.file(file))]);
  expect([found.exitCode, found.stdout.trimEnd().split("\n").length]).toEqual([0, pages.length]);
});
