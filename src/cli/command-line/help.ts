import { wrap } from "../../lib/format/wrap.ts";
import { environmentNames, flagName, keyName, type Option, type Sections } from "../../settings/option.ts";
import type { CommandEntry, Group, Leaf } from "./command.ts";
import { commonOptions } from "./common-options.ts";
import { isLeaf } from "./find-command.ts";

type Row = readonly [left: string, right: string];

/** Formats two columns. A left side too wide for its column gets its own line. */
function columns(rows: readonly Row[], leftWidth: number, width: number): string {
  const indent = " ".repeat(leftWidth);
  return rows
    .map(([left, right]) => {
      const [first = "", ...rest] = wrap(right, width - leftWidth);
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

/** An option's purpose, whether it repeats, its default, and its variables. */
export function optionHelp(section: string, name: string, option: Option<unknown>): string {
  const variables = environmentNames(section, name, option);
  const told = variables.length === 0 ? "" : ` [${variables.join(", ")}]`;
  return `${option.help}${option.kind.repeatable ? "; repeatable" : ""}${defaultText(option)}${told}`;
}

/** Whether `--X` also has a `--no-X`: a switch that the environment or the file can turn on. */
export function hasNegation(option: Option<unknown>): boolean {
  return option.kind.placeholder === null && option.scope === "everywhere";
}

function flagRow(section: string, name: string, option: Option<unknown>): Row {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const placeholder = option.placeholder ?? option.kind.placeholder;
  const value = placeholder === null ? "" : ` ${placeholder}`;
  const flag = `${hasNegation(option) ? "[no-]" : ""}${flagName(name)}`;
  return [`  ${short}--${flag}${value}`, optionHelp(section, name, option)];
}

function rowsOf(
  sections: Sections,
  isShown: (option: Option<unknown>) => boolean,
  row: typeof flagRow,
): Row[] {
  return Object.entries(sections).flatMap(([section, options]) =>
    Object.entries(options)
      .filter(([, option]) => isShown(option))
      .map(([name, option]) => row(section, name, option)),
  );
}

const isFlag = (option: Option<unknown>): boolean => option.scope !== "settings";

/** The exit codes that main adds to every command's. */
export const SIGNAL_CODES: readonly Row[] = [["130, 143", "ended by SIGINT or SIGTERM, cleanly"]];

function examplesAndCodes(
  of: { readonly examples: readonly Row[]; readonly exitCodes: readonly Row[] },
  width: number,
): string[] {
  const examples = of.examples.map(([line, what]): Row => [`  ${line}`, what]);
  const codes = [...of.exitCodes, ...SIGNAL_CODES].map(([code, text]): Row => [`  ${code}`, text]);
  return [`Examples:\n${columns(examples, 4, width)}`, `Exit codes:\n${columns(codes, 12, width)}`];
}

/** The sections whose settings are listed in this command's help. */
export function toldSections({ options, toldElsewhere = [] }: Leaf["spec"]): Sections {
  return Object.fromEntries(Object.entries(options).filter(([section]) => !toldElsewhere.includes(section)));
}

function leafHelp({ spec }: Leaf, width: number): string {
  const settings = rowsOf(
    toldSections(spec),
    (option) => option.scope === "settings",
    (section, name, option) => [`  ${section}.${keyName(name)}`, optionHelp(section, name, option)],
  );
  const flags = [
    ...rowsOf(spec.options, isFlag, flagRow),
    ...rowsOf({ common: commonOptions }, isFlag, flagRow),
  ];
  // On a narrow terminal the descriptions need the space more than the flags do.
  const flagColumn = width < 80 ? 24 : 30;
  return [
    wrap(spec.purpose, width).join("\n"),
    `Usage: nodupe ${spec.name} [options] ${spec.usage}`.trimEnd(),
    ...(spec.details === undefined ? [] : [wrap(spec.details, width).join("\n")]),
    `Options:\n${columns(flags, flagColumn, width)}`,
    ...(settings.length === 0
      ? []
      : [`Settings without a flag (config file, environment):\n${columns(settings, flagColumn, width)}`]),
    ...examplesAndCodes({ examples: spec.examples, exitCodes: Object.entries(spec.exitCodes) }, width),
  ].join("\n\n");
}

async function groupHelp(of: Group, width: number): Promise<string> {
  const commands = await Promise.all(
    Object.entries(of.subCommands).map(async ([word, load]): Promise<Row> => {
      const entry = await load();
      return [`  ${word}`, isLeaf(entry) ? entry.spec.purpose : entry.purpose];
    }),
  );
  const prefix = `nodupe ${of.name}`.trimEnd();
  return [
    wrap(of.purpose, width).join("\n"),
    `Usage: ${prefix} COMMAND [options]`,
    `Commands:\n${columns(commands, 16, width)}`,
    ...examplesAndCodes(of, width),
    `The options of a command: ${prefix} COMMAND --help`,
  ].join("\n\n");
}

const LEAST_WIDTH = 60;
const MOST_WIDTH = 100;

/** The help of a command or a group, as wide as the terminal but within a readable width. */
export async function helpOf(entry: CommandEntry, terminalColumns: number): Promise<string> {
  const width = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, terminalColumns));
  return isLeaf(entry) ? leafHelp(entry, width) : groupHelp(entry, width);
}
