// The packages in the binary, according to the bundler rather than package.json.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { entryPoints } from "../compile.ts";

const ROOT = resolve(import.meta.dir, "../..");

export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly licence: string;
  /** As in package-lock.json: `sha512-…` in base64. */
  readonly integrity: string;
  /** The licence text included in the package; null if there is none. */
  readonly licenceText: string | null;
}

interface Locked {
  readonly version: string;
  readonly license: string;
  readonly integrity: string;
}

function locked(folder: string): Locked {
  const lock: { packages: Record<string, Locked> } = JSON.parse(
    readFileSync(join(ROOT, "package-lock.json"), "utf8"),
  );
  const entry = lock.packages[folder];
  if (entry === undefined) throw new Error(`Cannot find ${folder} in package-lock.json: run npm ci`);
  return entry;
}

function licenceTextIn(folder: string): string | null {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  if (names.length === 0) return null;
  return names
    .toSorted()
    .map((name) => readFileSync(join(folder, name), "utf8").trim())
    .join("\n\n");
}

/** The packages whose code is in the bundle, by name. */
export async function bundledPackages(): Promise<readonly Bundled[]> {
  const build = await Bun.build({
    entrypoints: entryPoints().map((path) => join(ROOT, path)),
    target: "bun",
    metafile: true,
  });
  const inputs = Object.keys(build.metafile?.inputs ?? {});
  if (inputs.length === 0) throw new Error("Cannot list what is bundled: the bundler gave no metafile");
  const folders = inputs
    .map((path) => /(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)].toSorted().map((folder) => {
    const { version, license, integrity } = locked(folder);
    const path = join(ROOT, folder);
    if (!existsSync(path)) throw new Error(`Cannot find ${folder}: run npm ci`);
    const name = folder.replace(/^.*node_modules\//, "");
    return { name, version, licence: license, integrity, licenceText: licenceTextIn(path) };
  });
}
