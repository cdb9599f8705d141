import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { codeOf, Failure, messageOf, reasonOf } from "../lib/errors.ts";
import { readText } from "../lib/read-file.ts";
import { keyName, type Sections } from "./option.ts";
import type { ConfigValues } from "./schema.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A config file as read. `values` is empty if there is no file. */
export interface ConfigFile {
  readonly path: string;
  readonly exists: boolean;
  readonly values: ConfigValues;
  /** Shown once without stopping, such as for a key that others can read. */
  readonly warnings: readonly string[];
}

function xdgPath(environment: Environment, variable: string, fallback: string, name: string): string {
  const base = environment[variable];
  // The XDG specification says to ignore relative base paths.
  const folder = base?.startsWith("/") === true ? base : join(homedir(), fallback);
  return join(folder, "nodupe", name);
}

export function defaultConfigPath(environment: Environment): string {
  return environment["NODUPE_CONFIG"] || xdgPath(environment, "XDG_CONFIG_HOME", ".config", "config.toml");
}

export function defaultStorePath(environment: Environment): string {
  return xdgPath(environment, "XDG_DATA_HOME", ".local/share", "nodupe.db");
}

function readConfig(path: string, required: boolean): string | null {
  try {
    return readText(path);
  } catch (error) {
    const code = codeOf(error);
    if ((code === "ENOENT" || code === "ENOTDIR") && !required) return null;
    if (code === "ENOENT")
      throw new Failure("usage", `config file ${path} does not exist; create it with: nodupe config init`);
    throw new Failure(
      code === "EACCES" ? "not-permitted" : "usage",
      `cannot read config file ${path}: ${reasonOf(error)}`,
    );
  }
}

/** Bun does not report the line: the fault is in the statement after the longest prefix that parses as TOML. */
function lineOfFault(text: string): number {
  const lines = text.split("\n");
  for (let count = lines.length - 1; count > 0; count -= 1) {
    try {
      Bun.TOML.parse(lines.slice(0, count).join("\n"));
      return count + 1;
    } catch {
      // The fault is further up.
    }
  }
  return 1;
}

function parseToml(path: string, text: string): unknown {
  try {
    return Bun.TOML.parse(text);
  } catch (error) {
    const reason =
      error instanceof RangeError
        ? "it is nested too deeply"
        : messageOf(error).replace(/^TOML Parse error: /, "");
    throw new Failure(
      "usage",
      `config file ${path} is not TOML: line ${lineOfFault(text)}: ${reason}; fix that line, or start over with: nodupe config init`,
    );
  }
}

function warningsFor(path: string, values: ConfigValues, sections: Sections): string[] {
  const holdsSecret = [...values].some(([section, set]) =>
    [...set.keys()].some((name) => sections[section]?.[name]?.secret === true),
  );
  const readableByOthers = holdsSecret && (statSync(path).mode & 0o077) !== 0;
  return readableByOthers
    ? [`config file ${path} contains a key, and others can read it; fix it with: chmod 600 ${path}`]
    : [];
}

/**
 * Reads the config file. All its faults are reported in one Failure, one line each: the key, what was found, what
 * was expected.
 *
 * @param how.required the user named the file, so it must exist.
 * @param how.sections what the file may hold; only called if there is a file.
 */
export async function readConfigFile(
  path: string,
  how: { readonly required: boolean; readonly sections: () => Promise<Sections> },
): Promise<ConfigFile> {
  const text = readConfig(path, how.required);
  if (text === null) return { path, exists: false, values: new Map(), warnings: [] };
  const document = parseToml(path, text);
  // zod takes some milliseconds to load, so it is loaded only if there is a file to validate.
  const [{ parseConfig }, sections] = await Promise.all([import("./schema.ts"), how.sections()]);
  const parsed = parseConfig(document, sections);
  if (parsed.type === "invalid") {
    throw new Failure(
      "usage",
      parsed.faults.map((fault) => `config file ${path}: ${fault}`),
    );
  }
  return { path, exists: true, values: parsed.values, warnings: warningsFor(path, parsed.values, sections) };
}

/** `section.key`, as written in the file. */
export function keyPath(section: string, name: string): string {
  return `${section}.${keyName(name)}`;
}
