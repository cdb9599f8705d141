import { expect, test } from "bun:test";
import { choicesOf, flatten, isPathPlaceholder, nameOf } from "../../src/render/command-tree.ts";
import { SMALL_TREE } from "../support/shell/command-nodes.ts";

test("a tree is listed node by node, parents before children", () => {
  expect(flatten(SMALL_TREE).map(nameOf)).toEqual(["", "pack", "config", "config show", "weigh", "shell"]);
});

test("a placeholder of only words is a choice; one that contains another placeholder is not", () => {
  const placeholders = ["bash|zsh|fish", "N|auto", "FILE", "text|json", "one", ""];
  expect(placeholders.map(choicesOf)).toEqual([["bash", "zsh", "fish"], [], [], ["text", "json"], [], []]);
});

test("placeholders of files and folders are recognized", () => {
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
