import { expect, test } from "bun:test";
import { choicesOf, flatten, isPathPlaceholder, nameOf } from "../../src/render/command-tree.ts";
import { SMALL_TREE } from "../support/command-nodes.ts";

test("a tree is told node by node, each before its children", () => {
  expect(flatten(SMALL_TREE).map(nameOf)).toEqual(["", "pack", "config", "config show", "weigh", "shell"]);
});

test("a placeholder of words only is a choice; one that stands for something is none", () => {
  const placeholders = ["bash|zsh|fish", "N|auto", "FILE", "text|json", "one", ""];
  expect(placeholders.map(choicesOf)).toEqual([["bash", "zsh", "fish"], [], [], ["text", "json"], [], []]);
});

test("what stands for a file or a folder is told from what does not", () => {
  expect(["FILE", "FOLDER", "SOCKET", "PATH", "DIR", "URL", "FILES", "file"].map(isPathPlaceholder)).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
