import { Failure } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { flagName } from "../../settings/option.ts";
import type { CommandEntry, Group, Leaf } from "./command.ts";
import { ROOT } from "./commands.ts";
import { commonOptions } from "./common-options.ts";

export type Found =
  | { readonly type: "leaf"; readonly leaf: Leaf; readonly argv: readonly string[] }
  | { readonly type: "help"; readonly of: CommandEntry }
  /** The bare version number, or a line with build details. */
  | { readonly type: "version"; readonly isBare: boolean };

export function isLeaf(entry: CommandEntry): entry is Leaf {
  return "spec" in entry;
}

/** Several short switches in one word: `-qv`. */
const SWITCHES = new RegExp(
  `^-[${Object.values(commonOptions)
    .map(({ short }) => short ?? "")
    .join("")}]{2,}$`,
);

/** How many words a common flag before the command takes; 0 if the word is not one. */
function commonFlagWords(word: string): 0 | 1 | 2 {
  for (const [name, { kind, short }] of Object.entries(commonOptions)) {
    const flag = `--${flagName(name)}`;
    if (word === flag || word === `-${short}`) return kind.placeholder === null ? 1 : 2;
    if (word.startsWith(`${flag}=`)) return 1;
  }
  return SWITCHES.test(word) ? 1 : 0;
}

function refuseFlag(word: string, group: Group): never {
  const known = Object.keys(commonOptions).map((name) => `--${flagName(name)}`);
  const hint = didYouMean(word, known);
  const where = `nodupe ${group.name}`.trimEnd();
  throw new Failure(
    "usage",
    hint === "" ? `${word} goes after the command: ${where} COMMAND ${word}` : `unknown flag ${word}${hint}`,
  );
}

function refuseMissing(group: Group): never {
  const where = `nodupe ${group.name}`.trimEnd();
  throw new Failure(
    "usage",
    `no command given, expected one of ${Object.keys(group.subCommands).join(", ")}; see: ${where} --help`,
  );
}

function refuseCommand(word: string, group: Group): never {
  const names = Object.keys(group.subCommands);
  const hint = didYouMean(word, [...names, "help"]);
  const expected = hint === "" ? `, expected one of ${names.join(", ")}` : hint;
  throw new Failure("usage", `unknown command ${`${group.name} ${word}`.trimStart()}${expected}`);
}

/**
 * Follows the words of argv down citty's tree to a command. citty itself would accept an unknown word as a positional.
 * Flags that every command takes may also come before the command; they are added to its own.
 */
export async function findCommand(argv: readonly string[]): Promise<Found> {
  let group = ROOT;
  let isForHelp = false;
  const before: string[] = [];
  for (let index = 0; ; index += 1) {
    const word = argv[index];
    if (word === "help") {
      isForHelp = true;
      continue;
    }
    if (word === "--help" || word === "-h") return { type: "help", of: group };
    if (word === "--version" || word === "-V") return { type: "version", isBare: word === "--version" };
    if (word === undefined) {
      if (isForHelp) return { type: "help", of: group };
      refuseMissing(group);
    }
    if (word.startsWith("-")) {
      const words = commonFlagWords(word);
      if (words === 0) refuseFlag(word, group);
      before.push(...argv.slice(index, index + words));
      index += words - 1;
      continue;
    }
    const load = Object.hasOwn(group.subCommands, word) ? group.subCommands[word] : undefined;
    if (load === undefined) refuseCommand(word, group);
    const entry = await load();
    if (isLeaf(entry)) {
      if (isForHelp) return { type: "help", of: entry };
      return { type: "leaf", leaf: entry, argv: [...before, ...argv.slice(index + 1)] };
    }
    group = entry;
  }
}

/** The flags that decide how to report a failure before the command is known. Taken from argv unchecked. */
export function earlyFlags(argv: readonly string[]): { json: boolean; noColor: boolean; logsJson: boolean } {
  const format = argv.indexOf("--log-format");
  return {
    json: argv.includes("--json"),
    noColor: argv.includes("--no-color"),
    logsJson: argv.includes("--log-format=json") || (format >= 0 && argv[format + 1] === "json"),
  };
}
