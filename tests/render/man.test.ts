import { expect, test } from "bun:test";
import { commandTree } from "../../src/cli/command-line/command-tree.ts";
import { flatten, nameOf } from "../../src/render/command-tree.ts";
import { manPage } from "../../src/render/man.ts";
import { needs } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";

test("the man page has every command, each of its flags and examples", async () => {
  const root = await commandTree();
  const page = manPage(root, "1.2.3", 0);
  expect(page).toStartWith('.TH NODUPE 1 "1970-01-01" "nodupe 1.2.3" "User Commands"\n.SH NAME\nnodupe \\- ');
  const told = page
    .replaceAll(String.raw`\-`, "-")
    .replaceAll(String.raw`\e`, "\\")
    .replaceAll(/\\\[u([0-9A-F]+)\]/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
  const leaves = flatten(root).filter((node) => node.children.length === 0);
  const missing = leaves.flatMap((leaf) => [
    ...(told.includes(`.SS "nodupe ${nameOf(leaf)}"`) ? [] : [nameOf(leaf)]),
    ...leaf.flags
      .filter((flag) => !flag.negates && !told.includes(`\\fB--${flag.name}\\fR`))
      .map(({ name }) => name),
    ...leaf.examples.filter(([line]) => !told.includes(line)).map(([line]) => line),
  ]);
  expect(missing).toEqual([]);
});

needs("groff")("groff formats it without a warning", async () => {
  const page = manPage(await commandTree(), "1.2.3", 0);
  const run = await runCommand(["groff", "-man", "-Tutf8", "-ww", "-z"], { stdin: page });
  expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});
