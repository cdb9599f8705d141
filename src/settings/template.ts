import { environmentNames, keyName, type Option, type Sections } from "./option.ts";
import type { ConfigValues } from "./schema.ts";

function commentedLines(section: string, name: string, option: Option<unknown>): string {
  const isUnset = option.default === null;
  const value = option.kind.toToml(isUnset ? option.example : option.default);
  const unset = isUnset
    ? `; not set${option.defaultText === undefined ? "" : ` (${option.defaultText})`}, an example:`
    : "";
  const [variable = ""] = environmentNames(section, name, option);
  return `## ${option.help} [${variable}]${unset}\n#${keyName(name)} = ${value}\n`;
}

/**
 * The config file that `config init` writes: every key with its purpose, its default (or an example) and its
 * variable, all commented out, so that better defaults of later versions take effect. Explanations have two #, so
 * that the file stays valid if one # is removed from every line.
 */
export function configTemplate(sections: Sections): string {
  const chapters = Object.entries(sections).map(([section, options]) => {
    const lines = Object.entries(options)
      .filter(([, option]) => option.scope !== "flag")
      .map(([name, option]) => commentedLines(section, name, option));
    return `[${section}]\n${lines.join("")}`;
  });
  const head =
    "## nodupe's settings. A flag wins over an environment variable (in brackets), that over this file.\n" +
    "## To set something, remove the # before its line; then check the file with: nodupe config check\n";
  return [head, ...chapters].join("\n");
}

/** The template with some values set: for converting another program's configuration. */
export function configTemplateWith(sections: Sections, values: ConfigValues): string {
  const lines = configTemplate(sections).split("\n");
  let section = "";
  const set = lines.map((line) => {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
    const key = /^#(\w+) = /.exec(line)?.[1];
    const name = Object.keys(sections[section] ?? {}).find((candidate) => keyName(candidate) === key);
    const option = name === undefined ? undefined : sections[section]?.[name];
    const value = name === undefined ? undefined : values.get(section)?.get(name);
    return option === undefined || value === undefined ? line : `${key} = ${option.kind.toToml(value)}`;
  });
  return set.join("\n");
}
