// Copies what a build needs to another folder: `bun build/copy-tree.ts FOLDER`. Such copies are used to check that
// the bytes do not depend on the tree's location.
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import lock from "../package-lock.json" with { type: "json" };

const ROOT = resolve(import.meta.dir, "..");
const FILES =
  "src build package.json package-lock.json tsconfig.json install.sh LICENSE README.md CHANGELOG.md".split(
    " ",
  );

/**
 * Copies the sources and the packages that go into the binary. Packages are copied rather than linked: chunk names
 * depend on the modules' paths below the root, and a link leads outside of it.
 */
export function copyTree(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of FILES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  const packages: Readonly<Record<string, { dev?: boolean; version?: string }>> = lock.packages;
  for (const [path, { dev }] of Object.entries(packages)) {
    const isShipped = path.startsWith("node_modules/") && dev !== true && existsSync(join(ROOT, path));
    if (isShipped) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("usage: bun build/copy-tree.ts FOLDER");
  copyTree(resolve(folder));
}
