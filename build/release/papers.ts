// The files beside the binary in an archive: man pages, completions, README, licences, bill of materials.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { commandTree } from "../../src/cli/command-line/command-tree.ts";
import { bashCompletions } from "../../src/render/completions-bash.ts";
import { fishCompletions } from "../../src/render/completions-fish.ts";
import { zshCompletions } from "../../src/render/completions-zsh.ts";
import { manPages } from "../../src/render/man.ts";
import type { Entry } from "./tar.ts";

const ROOT = resolve(import.meta.dir, "../..");

export function textEntry(name: string, text: string): Entry {
  return { name, content: Buffer.from(text), executable: false };
}

/** The man pages and completions, from the command definitions. */
export async function commandPapers(version: string, timeS: number): Promise<readonly Entry[]> {
  const root = await commandTree();
  return [
    ...manPages(root, version, timeS).map(({ file, text }) => textEntry(`man/${file}`, text)),
    textEntry("completions/nodupe.bash", bashCompletions(root)),
    textEntry("completions/_nodupe", zshCompletions(root)),
    textEntry("completions/nodupe.fish", fishCompletions(root)),
  ];
}

/** The project's own documents, as far as they exist. */
export function projectPapers(): readonly Entry[] {
  return ["LICENSE", "README.md", "CHANGELOG.md"]
    .filter((name) => existsSync(join(ROOT, name)))
    .map((name) => textEntry(name, readFileSync(join(ROOT, name), "utf8")));
}
