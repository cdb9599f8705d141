import { runCommand } from "citty";
import { type ConfigFile, defaultConfigPath, defaultStorePath, readConfigFile } from "../settings/file.ts";
import type { Sections } from "../settings/option.ts";
import { type Origin, resolveOptions } from "../settings/resolve.ts";
import { compileAsUsual } from "../lib/engine.ts";
import { Failure } from "../lib/errors.ts";
import { didYouMean } from "../lib/nearest.ts";
import { VERSION } from "../lib/version.ts";
import { type Arguments, checkPositionals, parseArguments } from "./arguments.ts";
import type { ExitCode, Group, Invocation, Leaf, Loader } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { commonOptions } from "./common-options.ts";
import { commandHelp, groupHelp, PURPOSE } from "./help.ts";
import { PLANNED_COMMANDS } from "./planned.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Call {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Told as soon as there is a terminal, so that a failure is reported the way the flags ask for. */
  onTerminal(terminal: Terminal): void;
}

type Found =
  | { readonly type: "leaf"; readonly leaf: Leaf; readonly argv: readonly string[] }
  | { readonly type: "help"; readonly text: string };

function isLeaf(entry: Leaf | Group): entry is Leaf {
  return "spec" in entry;
}

/** Every section of the config file: loaded only where one is read, since it brings the options of all jobs. */
async function allSections(): Promise<Sections> {
  return (await import("./sections.ts")).SECTIONS;
}

async function helpOf(name: string, group: Group): Promise<string> {
  const commands = await Promise.all(
    Object.entries(group.commands).map(async ([word, load]): Promise<[string, string]> => {
      const entry = await load();
      return [word, isLeaf(entry) ? entry.spec.purpose : entry.purpose];
    }),
  );
  return groupHelp({ name, purpose: group.purpose, commands });
}

/** Walks the words of argv down to a command. citty would let an unknown word pass as a positional. */
async function find(argv: readonly string[]): Promise<Found> {
  let group: Group = { purpose: PURPOSE, commands: COMMANDS };
  const words: string[] = [];
  let isForHelp = false;
  for (let index = 0; ; index += 1) {
    const word = argv[index];
    const name = words.join(" ");
    const names = Object.keys(group.commands);
    if (word === "help") {
      isForHelp = true;
      continue;
    }
    if (word === "--help" || word === "-h" || (word === undefined && isForHelp))
      return { type: "help", text: await helpOf(name, group) };
    if (word === "--version" && index === 0) return { type: "help", text: VERSION };
    if (word === undefined || word.startsWith("-")) {
      const hint = word === undefined ? "" : didYouMean(word, ["--help", "--version"]);
      if (hint !== "") throw new Failure("usage", `unknown flag ${word}${hint}`);
      const found = word === undefined ? "no command given" : `${word} stands before the command`;
      const where = `nodupe ${name}`.trimEnd();
      throw new Failure(
        "usage",
        `${found}: expected ${where} COMMAND, one of ${names.join(", ")}; see: ${where} --help`,
      );
    }
    const load: Loader | undefined = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (load === undefined) refuseCommand(word, words, names);
    const entry = await load();
    words.push(word);
    if (isLeaf(entry)) {
      if (isForHelp) return { type: "help", text: commandHelp(entry) };
      return { type: "leaf", leaf: entry, argv: argv.slice(index + 1) };
    }
    group = entry;
  }
}

function refuseCommand(word: string, before: readonly string[], names: readonly string[]): never {
  if (before.length === 0 && PLANNED_COMMANDS.includes(word)) {
    throw new Failure("usage", `the command ${word} is planned and not in this version of nodupe`);
  }
  const hint = didYouMean(word, names);
  const expected = hint === "" ? `, expected one of ${names.join(", ")}` : hint;
  throw new Failure("usage", `unknown command ${[...before, word].join(" ")}${expected}`);
}

function resolveAll(
  sections: Sections,
  given: Arguments,
  environment: Environment,
  file: ConfigFile,
): { options: Record<string, unknown>; origins: Record<string, Readonly<Record<string, Origin>>> } {
  const options: Record<string, unknown> = {};
  const origins: Record<string, Readonly<Record<string, Origin>>> = {};
  const faults: string[] = [];
  for (const [section, of] of Object.entries(sections)) {
    const resolution = resolveOptions(section, of, {
      flags: given.flags.get(section) ?? new Map(),
      environment,
      file: file.values.get(section) ?? new Map(),
      filePath: file.path,
    });
    options[section] = resolution.values;
    origins[section] = resolution.origins;
    faults.push(...resolution.faults);
  }
  if (faults.length > 0) throw new Failure("usage", faults.join("\n"));
  return { options, origins };
}

/** Of the variables that begin like ours, those that are no setting of this command are looked at among all settings. */
async function mistypedVariables(
  origins: Readonly<Record<string, Readonly<Record<string, Origin>>>>,
  environment: Environment,
): Promise<string[]> {
  const taken = new Set(Object.values(origins).flatMap((of) => Object.values(of).map(({ name }) => name)));
  const others = Object.keys(environment).filter(
    (name) => name.startsWith("NODUPE_") && !taken.has(name) && environment[name] !== "",
  );
  if (others.length === 0) return [];
  const { unknownVariables } = await import("../settings/unknown-variables.ts");
  return unknownVariables(others, await allSections());
}

function storePathOf(options: Record<string, unknown>, environment: Environment): string {
  const store = options["store"];
  const told = typeof store === "object" && store !== null && "db" in store ? store.db : null;
  return typeof told === "string" ? told : defaultStorePath(environment);
}

/** argv → command → its exit code. Throws a Failure for whatever keeps the command from running. */
export async function invoke(call: Call): Promise<ExitCode> {
  const { environment, signal } = call;
  const bare = await createTerminal({
    json: call.argv.includes("--json"),
    quiet: false,
    verbose: false,
    noColor: call.argv.includes("--no-color"),
    environment,
  });
  call.onTerminal(bare);
  const found = await find(call.argv);
  if (found.type === "help") {
    await bare.result(found.text);
    return 0;
  }
  const { spec } = found.leaf;
  const given = parseArguments(found.argv, { ...spec.options, common: commonOptions }, spec.name);
  const common = given.flags.get("common") ?? new Map<string, unknown>();
  if (common.get("help") === true || common.get("version") === true) {
    await bare.result(common.get("help") === true ? commandHelp(found.leaf) : VERSION);
    return 0;
  }
  checkPositionals(given.positionals, spec.positionals, spec.name, spec.usage);

  const terminal = await createTerminal({
    json: common.get("json") === true,
    quiet: common.get("quiet") === true,
    verbose: common.get("verbose") === true,
    noColor: common.get("noColor") === true,
    environment,
  });
  call.onTerminal(terminal);
  const named = common.get("config");
  const configPath = typeof named === "string" ? named : defaultConfigPath(environment);
  const configFile =
    spec.readsConfig === false
      ? {
          path: configPath,
          exists: false,
          values: new Map<string, ReadonlyMap<string, unknown>>(),
          warnings: [],
        }
      : await readConfigFile(configPath, {
          required: typeof named === "string" || Boolean(environment["NODUPE_CONFIG"]),
          sections: allSections,
        });
  for (const warning of configFile.warnings) terminal.warn(warning);
  const { options, origins } = resolveAll(spec.options, given, environment, configFile);
  for (const line of await mistypedVariables(origins, environment)) terminal.warn(line);
  const storePath = storePathOf(options, environment);
  const invocation: Invocation<Sections> = {
    options: options as Invocation<Sections>["options"],
    origins: origins as Invocation<Sections>["origins"],
    positionals: given.positionals,
    terminal,
    signal,
    configFile,
    environment,
    storePath,
    openStore: async (how = {}) => {
      const { openStore } = await import("../db/open.ts");
      return openStore({ path: storePath, readonly: how.readonly === true });
    },
  };
  compileAsUsual();
  const { result } = await runCommand(found.leaf, { rawArgs: [], data: invocation });
  return result as ExitCode;
}
