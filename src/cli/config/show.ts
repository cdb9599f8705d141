import { keyPath } from "../../settings/file.ts";
import type { Option, Options } from "../../settings/option.ts";
import { type Origin, resolveOptions } from "../../settings/resolve.ts";
import { SECTIONS } from "../command-line/sections.ts";
import { Failure } from "../../lib/errors.ts";
import { escapeText } from "../../lib/format/escape.ts";
import { textTable } from "../../lib/format/table.ts";
import { command } from "../command-line/command.ts";

interface Shown {
  readonly key: string;
  readonly value: unknown;
  readonly text: string;
  readonly origin: Origin;
}

function shown(section: string, name: string, of: Option<unknown>, value: unknown, origin: Origin): Shown {
  const key = keyPath(section, name);
  if (value === null)
    return {
      key,
      value,
      text: `not set${of.defaultText === undefined ? "" : ` (${of.defaultText})`}`,
      origin,
    };
  if (of.secret === true) return { key, value: "********", text: "********", origin };
  return { key, value, text: of.kind.toToml(value), origin };
}

function originText(origin: Origin): string {
  return origin.name === null ? origin.source : `${origin.source} ${origin.name}`;
}

export const configShow = command({
  name: "config show",
  purpose: "Shows every setting, its value and where it comes from.",
  usage: "[SECTION]",
  positionals: { min: 0, max: 1 },
  options: {},
  examples: [
    ["nodupe config show", "all sections; keys are masked"],
    ["nodupe config show sync", "one section"],
    ["NODUPE_SYNC_WORKERS=3 nodupe config show --json", "for a script; durations are ms, sizes bytes"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.configShowResult),
  exitCodes: { 0: "shown", 2: "usage error, or a setting that is not valid" },
  run: async ({ positionals, configFile, environment, terminal }) => {
    const [only] = positionals;
    if (only !== undefined && SECTIONS[only] === undefined) {
      throw new Failure(
        "usage",
        `unknown section ${only}, expected one of ${Object.keys(SECTIONS).join(", ")}`,
      );
    }
    const settings: Shown[] = [];
    const faults: string[] = [];
    for (const [section, options] of Object.entries(SECTIONS)) {
      if (only !== undefined && section !== only) continue;
      const settable: Options = Object.fromEntries(
        Object.entries(options).filter(([, of]) => of.scope !== "flag"),
      );
      const file = configFile.values.get(section) ?? new Map<string, unknown>();
      const layers = { flags: new Map<string, unknown>(), environment, file, filePath: configFile.path };
      const { values, origins, faults: found } = resolveOptions(section, settable, layers);
      faults.push(...found);
      for (const [name, of] of Object.entries(settable)) {
        settings.push(
          shown(section, name, of, values[name], origins[name] ?? { source: "default", name: null }),
        );
      }
    }
    if (faults.length > 0) throw new Failure("usage", faults);
    if (terminal.json) {
      await terminal.resultJson({
        path: configFile.path,
        exists: configFile.exists,
        settings: settings.map(({ key, value, origin }) => ({
          key,
          value,
          source: origin.source,
          origin: origin.name,
        })),
      });
    } else {
      const rows = settings.map(({ key, text, origin }) =>
        [`${key} = ${text}`, `# ${originText(origin)}`].map(escapeText),
      );
      const [first = [], ...rest] = rows;
      await terminal.result(textTable(first, rest, []));
    }
    return 0;
  },
});
