import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundled } from "./bundled.ts";
import type { Component } from "./runtime-components.ts";

const TEXTS = join(import.meta.dir, "licences");
const RULE = "=".repeat(78);

function standardText(licence: string): string | null {
  const path = join(TEXTS, `${licence}.txt`);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}

function textOf(of: Bundled): string {
  const text = of.licenceText ?? standardText(of.licence);
  if (text === null) {
    throw new Error(
      `Cannot tell the licence of ${of.name}: it carries no text, and build/release/licences has no ${of.licence}.txt`,
    );
  }
  return text;
}

/** The licences of all that a binary holds, as one text. */
export function licences(
  packages: readonly Bundled[],
  runtimeComponents: readonly Component[],
  bunVersion: string,
): string {
  const rows = runtimeComponents.map(
    ({ name, licence, source }) => `  ${name.padEnd(16)} ${(licence ?? "several").padEnd(30)} ${source}`,
  );
  const runtime = `Bun ${bunVersion} (MIT, https://github.com/oven-sh/bun) is the runtime inside nodupe. It links these libraries
statically; the sources, with the notices of their authors, are at the addresses beside them:

${rows.join("\n")}

JavaScriptCore is under the GNU Lesser General Public License, whose text stands below. nodupe's own source is
public: to use it with a changed JavaScriptCore, build Bun from https://github.com/oven-sh/bun and
https://github.com/oven-sh/WebKit (bun run build:local) and compile nodupe with the result
(bun build --compile --compile-executable-path=YOUR_BUN; the other flags are in build/compile.ts).`;
  const sections = [
    ["The licences of what nodupe holds beside its own code", runtime],
    ...packages.map((of) => [`${of.name} ${of.version} (${of.licence})`, textOf(of)]),
    ["GNU Lesser General Public License 2.1", standardText("LGPL-2.1") ?? ""],
    ["Apache License 2.0", standardText("Apache-2.0") ?? ""],
  ];
  return `${sections.map(([title, text]) => `${RULE}\n${title}\n${RULE}\n\n${text}\n`).join("\n")}`;
}
