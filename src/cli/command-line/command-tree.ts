import type { CommandNode, FlagNode, SettingNode } from "../../render/command-tree.ts";
import { choicesOf, isPathPlaceholder } from "../../render/command-tree.ts";
import { path } from "../../settings/kind.ts";
import { keyName, type Sections } from "../../settings/option.ts";
import { flagsOf } from "./arguments.ts";
import type { Group, Leaf } from "./command.ts";
import { ROOT } from "./commands.ts";
import { commonOptions } from "./common-options.ts";
import { isLeaf } from "./find-command.ts";
import { optionHelp, SIGNAL_CODES, toldSections } from "./help.ts";

function flagNodes(sections: Sections): FlagNode[] {
  return [...flagsOf(sections)].map(([name, { section, name: key, option, negates }]) => {
    const placeholder = option.placeholder ?? option.kind.placeholder;
    return {
      name,
      short: negates ? null : (option.short ?? null),
      placeholder,
      help: negates ? `not: ${option.help}` : optionHelp(section, key, option),
      repeatable: option.kind.repeatable,
      choices: choicesOf(placeholder ?? ""),
      isPath: option.kind === path || isPathPlaceholder(placeholder ?? ""),
      negates,
      completes: option.completes ?? null,
    };
  });
}

function settingNodes(sections: Sections): SettingNode[] {
  return Object.entries(sections).flatMap(([section, options]) =>
    Object.entries(options)
      .filter(([, option]) => option.scope === "settings")
      .map(([name, option]) => ({
        key: `${section}.${keyName(name)}`,
        help: optionHelp(section, name, option),
      })),
  );
}

/** The words a command accepts, if its usage lists them: `bash|zsh|fish`, `[time|ingest|all]`. */
function argumentChoices(usage: string): readonly string[] {
  const [first = ""] = usage.split(" ");
  return choicesOf(first.replace(/^\[|\]$/g, ""));
}

function leafNode(words: readonly string[], { spec }: Leaf): CommandNode {
  return {
    words,
    purpose: spec.purpose,
    usage: spec.usage,
    details: spec.details ?? null,
    flags: flagNodes({ ...spec.options, common: commonOptions }),
    settings: settingNodes(toldSections(spec)),
    examples: spec.examples,
    exitCodes: [...Object.entries(spec.exitCodes), ...SIGNAL_CODES],
    choices: argumentChoices(spec.usage),
    takesArguments: spec.positionals.max > 0,
    completes: spec.completes ?? null,
    children: [],
  };
}

async function groupNode(words: readonly string[], group: Group): Promise<CommandNode> {
  const children = await Promise.all(
    Object.entries(group.subCommands).map(async ([word, load]) => {
      const entry = await load();
      const below = [...words, word];
      return isLeaf(entry) ? leafNode(below, entry) : groupNode(below, entry);
    }),
  );
  const common = flagNodes({ common: { help: commonOptions.help, version: commonOptions.version } });
  return {
    words,
    purpose: group.purpose,
    usage: "COMMAND",
    details: null,
    flags: common.filter(({ name }) => name === "help" || words.length === 0),
    settings: [],
    examples: group.examples,
    exitCodes: [...group.exitCodes, ...SIGNAL_CODES],
    choices: [],
    takesArguments: false,
    completes: null,
    children,
  };
}

/** Every command with its documentation. Loads all of them. */
export function commandTree(): Promise<CommandNode> {
  return groupNode([], ROOT);
}
