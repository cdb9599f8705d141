import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

const FILES = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT })
  .stdout.toString()
  .split("\n");

const PAGES = FILES.filter((file) => /^docs\/internals\/.*\.md$/.test(file));

test.each(["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", ...PAGES])(
  "every file that %s names is there",
  (page) => {
    const named = [
      ...readFileSync(join(ROOT, page), "utf8").matchAll(/`(?!\/)([\w./-]+\.(?:tsx?|sh|md|json))`/g),
    ].map((match) => match[1] ?? "");
    expect(named.length).toBeGreaterThan(2);
    // NAME.ts is a placeholder.
    const gone = named.filter(
      (name) => !name.includes("NAME") && !FILES.some((file) => file === name || file.endsWith(`/${name}`)),
    );
    expect(gone).toEqual([]);
  },
);
