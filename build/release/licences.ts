import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundled } from "./bundled.ts";
import { type Component, versionOf } from "./runtime-components.ts";

const TEXTS = join(import.meta.dir, "licences");
const RULE = "=".repeat(78);

function standardText(licence: string): string | null {
  const path = join(TEXTS, `${licence.replace(/-(only|or-later)$/, "")}.txt`);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}

function textOf(name: string, licence: string): string {
  const text = standardText(licence);
  if (text === null) {
    throw new Error(
      `Cannot tell the licence of ${name}: it carries no text, and build/release/licences has no ${licence}.txt`,
    );
  }
  return text;
}

function componentLines(component: Component): string {
  const { name, licence, copyright, source } = component;
  const version = versionOf(component);
  return `  ${name}${version === null ? "" : ` ${version}`}: ${licence}\n    ${copyright}\n    ${source}`;
}

/** The SPDX names in an expression such as `MIT AND Apache-2.0 WITH LLVM-exception`. */
function namesIn(expression: string): string[] {
  return expression.split(/ (?:AND|OR|WITH) /);
}

/** The licences of everything in a binary, as one text. */
export function licences(
  packages: readonly Bundled[],
  runtimeComponents: readonly Component[],
  bunVersion: string,
): string {
  const runtime = `Bun ${bunVersion} (MIT, https://github.com/oven-sh/bun) is the runtime inside nodupe. It holds these, under the licences
named, whose texts stand at the end; the sources, with all notices of their authors, are at the addresses:

${runtimeComponents.map(componentLines).join("\n")}

JavaScriptCore and tinycc are under the GNU Lesser General Public License, whose text stands below. nodupe's own
source is public: to use it with a changed library, build Bun from https://github.com/oven-sh/bun and
https://github.com/oven-sh/WebKit (bun run build:local) and compile nodupe with the result
(bun build --compile --compile-executable-path=YOUR_BUN; the other flags are in build/compile.ts).`;
  const texts = new Map(
    runtimeComponents.flatMap(({ name, licence }) =>
      namesIn(licence).map((spdx) => [spdx.replace(/-(only|or-later)$/, ""), textOf(name, spdx)]),
    ),
  );
  const sections = [
    ["The licences of what nodupe holds beside its own code", runtime],
    ...packages.map(({ name, version, licence, licenceText }) => [
      `${name} ${version} (${licence})`,
      licenceText ?? textOf(name, licence),
    ]),
    ...[...texts].toSorted(([left], [right]) => (left < right ? -1 : 1)),
  ];
  return `${sections.map(([title, text]) => `${RULE}\n${title}\n${RULE}\n\n${text}\n`).join("\n")}`;
}
