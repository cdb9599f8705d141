import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { TempFolder } from "../temp.ts";

type Node =
  | { readonly type: "file"; readonly sizeBytes: number }
  | { readonly type: "link"; readonly target: string }
  | { readonly type: "folder"; readonly entries: readonly (readonly [name: string, node: Node])[] };

const NAMES = [
  "cv",
  "a b",
  `q"u'o`,
  "佐藤 花子",
  "é",
  "e\u0301",
  "two\nlines",
  "~$lock",
  ".hidden",
  "._cv",
  "*",
  "-",
];
const EXTENSIONS = [
  ".pdf",
  ".PDF",
  ".docx",
  ".doc",
  ".txt",
  ".md",
  ".part",
  ".Tmp",
  ".crdownload",
  ".png",
  "",
  ".",
];
// `ROOT` and `OUTSIDE` are replaced by the paths of the tree and of another folder.
const TARGETS = [
  "inside.pdf",
  "empty.pdf",
  "ROOT/inside.pdf",
  "..",
  ".",
  "ROOT",
  "gone.pdf",
  "OUTSIDE/gone.pdf",
].concat(["OUTSIDE/cv.pdf", "OUTSIDE", "../../../..", "ROOT-sibling/cv.pdf", "loop.pdf", "ROOT/loop.pdf/on"]);

const name = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...EXTENSIONS)).map((parts) => parts.join("")),
  fc
    .string({ unit: "binary", minLength: 1, maxLength: 20 })
    .map((text) => text.toWellFormed().replaceAll(/[/\0]/g, "_"))
    .filter((text) => text !== "." && text !== ".."),
);
const { node } = fc.letrec<{ node: Node; folder: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.record({ type: fc.constant("file" as const), sizeBytes: fc.constantFrom(0, 1, 10) }),
    fc.record({ type: fc.constant("link" as const), target: fc.constantFrom(...TARGETS) }),
    tie("folder"),
  ),
  folder: fc.record({
    type: fc.constant("folder" as const),
    entries: fc.uniqueArray(fc.tuple(name, tie("node")), { maxLength: 8, selector: ([first]) => first }),
  }),
}));
/** The entries of a folder: awkward names, and links to everywhere. */
export const trees = fc.uniqueArray(fc.tuple(name, node), { maxLength: 8, selector: ([first]) => first });

/** Builds the tree in a folder that also contains other things, in the given or the reverse order. */
export function buildTree(
  at: TempFolder,
  entries: readonly (readonly [string, Node])[],
  isReversed: boolean,
): string {
  const root = at.file("tree");
  const make = (path: string, node: Node): void => {
    if (node.type === "file") writeFileSync(path, "x".repeat(node.sizeBytes));
    else if (node.type === "link")
      symlinkSync(node.target.replace("ROOT", root).replace("OUTSIDE", at.file("outside")), path);
    else {
      mkdirSync(path);
      for (const [below, each] of isReversed ? node.entries.toReversed() : node.entries)
        make(join(path, below), each);
    }
  };
  for (const folder of ["outside", "tree-sibling"]) {
    mkdirSync(at.file(folder));
    writeFileSync(at.file(folder, "cv.pdf"), "outside");
  }
  make(root, { type: "folder", entries });
  for (const [file, text] of [
    ["inside.pdf", "inside"],
    ["empty.pdf", ""],
  ] as const)
    writeFileSync(join(root, file), text);
  symlinkSync("loop.pdf", join(root, "loop.pdf"));
  return root;
}
