import { commandTree } from "../../src/cli/command-line/command-tree.ts";
import { hasNegation } from "../../src/cli/command-line/help.ts";
import { SECTIONS } from "../../src/cli/command-line/sections.ts";
import { markdownTable } from "../../src/lib/format/table.ts";
import { flatten, nameOf } from "../../src/render/command-tree.ts";
import { environmentNames, flagName, keyName, type Option, type Options } from "../../src/settings/option.ts";
import { commandLeaves } from "./command-leaves.ts";
import { configSchema, resultSchema } from "./json-schemas.ts";
import { metricFamilies } from "./metric-families.ts";
import { resultKeys } from "./result-keys.ts";

const NOTE = "<!-- Written by `bun build/reference.ts` from the code. Do not edit: a test compares. -->";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable(head, rows, []);
}

const code = (text: string): string => `\`${text}\``;

function defaultOf(of: Option<unknown>): string {
  if (of.secret === true) return "not set";
  if (of.default === null) return of.defaultText ?? "not set";
  return of.defaultText ?? code(of.kind.toToml(of.default));
}

function settingsTable(section: string, options: Options): string {
  const settable = Object.entries(options).filter(([, of]) => of.scope !== "flag");
  if (settable.length === 0) return "No keys in this version.";
  return table(
    ["key", "flag", "variable", "value", "default", "what it sets"],
    settable.map(([name, of]) => [
      code(keyName(name)),
      of.scope === "settings" ? "" : code(`--${hasNegation(of) ? "[no-]" : ""}${flagName(name)}`),
      environmentNames(section, name, of).map(code).join(", "),
      of.kind.expected,
      defaultOf(of),
      of.help,
    ]),
  );
}

function settingsPage(): string {
  return [
    "# Settings",
    NOTE,
    "Flags win over variables, variables over the config file, the file over the defaults. `nodupe config init` writes a\ncommented file, `nodupe config check` checks it, `nodupe config show` tells where each value came from. The file is\n`~/.config/nodupe/config.toml`, or what `--config` or `NODUPE_CONFIG` name. [schemas/config.json](schemas/config.json)\nis its JSON Schema, for editors.",
    ...Object.entries(SECTIONS).map(
      ([section, options]) => `## \`[${section}]\`\n\n${settingsTable(section, options)}`,
    ),
  ].join("\n\n");
}

async function jsonPage(): Promise<string> {
  const chapters: string[] = [];
  for (const { spec } of await commandLeaves()) {
    const forms = resultKeys(await spec.result());
    const tables = forms.map((keys) =>
      table(
        ["key", "type", "unit", "meaning"],
        keys.map(({ path, type, unit, what }) => [code(path), type, unit, what]),
      ),
    );
    const file = `schemas/${schemaName(spec.name)}`;
    chapters.push(`## nodupe ${spec.name}\n\nSchema: [${file}](${file})`, ...tables);
  }
  return [
    "# Keys of `--json`",
    NOTE,
    "One object on one line; with `--watch` and `--follow` one for each round. A value that is not known is `null`. Numbers\nare not rounded; times are ISO 8601. A later version may add keys.\n\nWhere a command fails before it has a result, every key of it is null, and `error` says why: `kind` (`failed`, `check`,\n`unreachable`, `not_permitted`, `interrupted`, `unexpected`) and `reason`. At exit code 2 there is no object.",
    ...chapters,
  ].join("\n\n");
}

async function exitCodesPage(): Promise<string> {
  const nodes = flatten(await commandTree());
  const [root] = nodes;
  const leaves = nodes.filter((node) => node.children.length === 0);
  const rowsOf = (codes: readonly (readonly [string, string])[]): string[][] =>
    codes.map(([number, meaning]) => [number, meaning]);
  return [
    "# Exit codes",
    NOTE,
    table(["code", "meaning"], rowsOf(root?.exitCodes ?? [])),
    ...leaves.map(
      (node) => `## nodupe ${nameOf(node)}\n\n${table(["code", "meaning"], rowsOf(node.exitCodes))}`,
    ),
  ].join("\n\n");
}

function metricsPage(): string {
  return [
    "# Metrics",
    NOTE,
    "What `nodupe metrics` and `/metrics` of `nodupe serve` write, in base units. A metric whose value is not known is left\nout. The figures of nodes are those of the last 24 hours.",
    table(
      ["metric", "type", "labels", "meaning"],
      metricFamilies().map(({ name, type, labels, help }) => [
        code(name),
        type,
        labels.map(code).join(", "),
        help,
      ]),
    ),
  ].join("\n\n");
}

function schemaName(command: string): string {
  return `${command.replaceAll(" ", "-")}.json`;
}

const LINE = 110;

/** Readable JSON: what fits on a line is kept on one. */
function json(value: unknown, indent = ""): string {
  const short = JSON.stringify(value);
  if (typeof value !== "object" || value === null || indent.length + short.length <= LINE) return short;
  const inner = `${indent} `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const members = Object.entries(value).map(([key, of]) =>
    Array.isArray(value) ? json(of, inner) : `${JSON.stringify(key)}: ${json(of, inner)}`,
  );
  return `${open}\n${members.map((member) => inner + member).join(",\n")}\n${indent}${close}`;
}

/** Every file of docs/reference by name, as currently generated from the code. */
export async function referenceFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>([
    ["settings.md", `${settingsPage()}\n`],
    ["json.md", `${await jsonPage()}\n`],
    ["exit-codes.md", `${await exitCodesPage()}\n`],
    ["metrics.md", `${metricsPage()}\n`],
    ["schemas/config.json", `${json(configSchema(SECTIONS))}\n`],
  ]);
  for (const { spec } of await commandLeaves())
    files.set(`schemas/${schemaName(spec.name)}`, `${json(resultSchema(spec.name, await spec.result()))}\n`);
  return files;
}
