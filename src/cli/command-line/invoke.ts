import { runCommand } from "citty";
import { type ConfigFile, defaultConfigPath, defaultStorePath, readConfigFile } from "../../settings/file.ts";
import { dependencyFaults } from "../../settings/dependencies.ts";
import type { Sections } from "../../settings/option.ts";
import { type Origin, resolveOptions } from "../../settings/resolve.ts";
import { compileAsUsual } from "../../lib/engine.ts";
import { Failure } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import { type Arguments, checkPositionals, parseArguments } from "./arguments.ts";
import type { CommandSpec, ExitCode, Invocation } from "./command.ts";
import { commonOptions } from "./common-options.ts";
import { earlyFlags, findCommand, type Found } from "./find-command.ts";
import { createTerminal, type Terminal } from "../terminal/terminal.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Call {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Called as soon as there is a terminal, so that failures are reported in the way the flags ask for. */
  onTerminal(terminal: Terminal): void;
  /** Called as soon as the command is known. */
  onCommand(spec: Pick<CommandSpec, "result">): void;
}

/** The text to print if no command is run. */
async function answerOf(found: Exclude<Found, { type: "leaf" }>, columns: number): Promise<string> {
  if (found.type === "help") return (await import("./help.ts")).helpOf(found.of, columns);
  return found.isBare ? VERSION : (await import("../version.ts")).VERSION_LINE;
}

/** Every section of the config file. Loaded only if a file is read, since it imports the options of all jobs. */
async function allSections(): Promise<Sections> {
  return (await import("./sections.ts")).SECTIONS;
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
    faults.push(...resolution.faults, ...dependencyFaults(of, resolution));
  }
  if (faults.length > 0) throw new Failure("usage", faults);
  return { options, origins };
}

/**
 * Warnings about NODUPE_ variables that exist in no setting. All settings are loaded only if this command does not know
 * a variable.
 */
async function mistypedVariables(
  origins: Readonly<Record<string, Readonly<Record<string, Origin>>>>,
  environment: Environment,
): Promise<string[]> {
  const taken = new Set(Object.values(origins).flatMap((of) => Object.values(of).map(({ name }) => name)));
  const others = Object.keys(environment).filter(
    (name) => name.startsWith("NODUPE_") && !taken.has(name) && environment[name] !== "",
  );
  if (others.length === 0) return [];
  const { unknownVariables } = await import("../../settings/unknown-variables.ts");
  return unknownVariables(others, await allSections());
}

function storePathOf(options: Record<string, unknown>, environment: Environment): string {
  const store = options["store"];
  const told = typeof store === "object" && store !== null && "db" in store ? store.db : null;
  return typeof told === "string" ? told : defaultStorePath(environment);
}

/**
 * Runs the command that argv names and returns its exit code.
 *
 * @throws Failure for anything that keeps the command from running.
 */
export async function invoke(call: Call): Promise<ExitCode> {
  const { environment, signal } = call;
  const early = earlyFlags(call.argv);
  const bare = await createTerminal({
    json: early.json,
    quiet: false,
    verbose: false,
    noColor: early.noColor,
    logFormat: early.logsJson ? "json" : "text",
    environment,
  });
  call.onTerminal(bare);
  const found = await findCommand(call.argv);
  if (found.type !== "leaf") {
    await bare.result(await answerOf(found, bare.columns));
    return 0;
  }
  const { spec } = found.leaf;
  call.onCommand(spec);
  const given = parseArguments(found.argv, { ...spec.options, common: commonOptions }, spec.name);
  const common = given.flags.get("common") ?? new Map<string, unknown>();
  if (common.get("help") === true || common.get("version") === true) {
    const asked: Exclude<Found, { type: "leaf" }> =
      common.get("help") === true ? { type: "help", of: found.leaf } : { type: "version", isBare: true };
    await bare.result(await answerOf(asked, bare.columns));
    return 0;
  }
  checkPositionals(given.positionals, spec.positionals, spec.name, spec.usage);

  const terminal = await createTerminal({
    json: common.get("json") === true,
    quiet: common.get("quiet") === true,
    verbose: common.get("verbose") === true,
    noColor: common.get("noColor") === true,
    logFormat: common.get("logFormat") === "json" ? "json" : "text",
    environment,
  });
  call.onTerminal(terminal);
  const named = common.get("config");
  const configPath = typeof named === "string" ? named : defaultConfigPath(environment);
  const { readsConfig: reads = true } = spec;
  const readsConfig = typeof reads === "boolean" ? reads : reads(given);
  const configFile = !readsConfig
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
      const { openStore } = await import("../../db/open.ts");
      const onMended = (line: string): void => terminal.warn(line);
      return openStore({ path: storePath, readonly: how.readonly === true, onMended });
    },
  };
  compileAsUsual();
  const { result } = await runCommand(found.leaf, { rawArgs: [], data: invocation });
  return result as ExitCode;
}
