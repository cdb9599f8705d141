import { flagName, type Option, type Sections } from "../settings/option.ts";
import type { Leaf } from "./command.ts";
import { commonOptions } from "./common-options.ts";

const WIDTH = 80;

/** What nodupe is, in one line. */
export const PURPOSE = "Uploads CVs exactly once, tells the right time, compares storage nodes.";

/** Breaks a text at spaces into lines of at most `width` columns. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && Bun.stringWidth(line) + 1 + Bun.stringWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Two columns; a left side too wide for its column stands on a line of its own. */
function columns(rows: readonly (readonly [left: string, right: string])[], leftWidth: number): string {
  const indent = " ".repeat(leftWidth);
  return rows
    .map(([left, right]) => {
      const [first = "", ...rest] = wrap(right, WIDTH - leftWidth);
      const fits = Bun.stringWidth(left) + 2 <= leftWidth;
      const head = fits ? left.padEnd(leftWidth) + first : `${left}\n${indent}${first}`;
      return [head, ...rest.map((line) => indent + line)].join("\n");
    })
    .join("\n");
}

function defaultText(option: Option<unknown>): string {
  if (option.defaultText !== undefined) return ` (default ${option.defaultText})`;
  if (option.default === null || option.default === false) return "";
  if (Array.isArray(option.default) && option.default.length === 0) return "";
  return ` (default ${option.kind.toToml(option.default).replace(/^"(.*)"$/, "$1")})`;
}

/** An option's purpose, whether it repeats, its default. */
export function optionHelp(option: Option<unknown>): string {
  return `${option.help}${option.kind.repeatable ? "; repeatable" : ""}${defaultText(option)}`;
}

function optionRow(name: string, option: Option<unknown>): [string, string] {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const placeholder = option.placeholder ?? option.kind.placeholder;
  const value = placeholder === null ? "" : ` ${placeholder}`;
  return [`  ${short}--${flagName(name)}${value}`, optionHelp(option)];
}

function optionRows(sections: Sections): [string, string][] {
  return Object.values(sections).flatMap((options) =>
    Object.entries(options)
      .filter(([, option]) => option.scope !== "settings")
      .map(([name, option]) => optionRow(name, option)),
  );
}

/** What main adds to every command's exit codes. */
export const SIGNAL_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ["130, 143", "ended by SIGINT or SIGTERM, cleanly"],
];

/** The help of one command: purpose, usage, options with defaults, examples, exit codes. */
export function commandHelp({ spec }: Leaf): string {
  const hasSettings = Object.values(spec.options).some((options) =>
    Object.values(options).some((option) => option.scope === "settings"),
  );
  const exitCodes = [...Object.entries(spec.exitCodes), ...SIGNAL_CODES].map(
    ([code, text]): [string, string] => [`  ${code}`, text],
  );
  return [
    spec.purpose,
    `Usage: nodupe ${spec.name} [options] ${spec.usage}`.trimEnd(),
    ...(spec.details === undefined ? [] : [wrap(spec.details, WIDTH).join("\n")]),
    `Options:\n${columns([...optionRows(spec.options), ...optionRows({ common: commonOptions })], 30)}`,
    ...(hasSettings
      ? ["More limits can be set in the config file; see: nodupe config init, nodupe config show"]
      : []),
    `Examples:\n${columns(
      spec.examples.map(([line, what]) => [`  ${line}`, what]),
      4,
    )}`,
    `Exit codes:\n${columns(exitCodes, 12)}`,
  ].join("\n\n");
}

/** The help of nodupe itself, or of a group of commands. */
export function groupHelp(group: {
  readonly name: string;
  readonly purpose: string;
  readonly commands: readonly (readonly [name: string, purpose: string])[];
}): string {
  const prefix = `nodupe ${group.name}`.trimEnd();
  return [
    group.purpose,
    `Usage: ${prefix} COMMAND [options]`,
    `Commands:\n${columns(
      group.commands.map(([name, purpose]) => [`  ${name}`, purpose]),
      16,
    )}`,
    `Options and examples of a command: ${prefix} COMMAND --help`,
  ].join("\n\n");
}
