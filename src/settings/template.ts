import { environmentNames, keyName, type Option, type Sections } from "./option.ts";
import type { ConfigValues } from "./schema.ts";

function commentedLine(section: string, name: string, option: Option<unknown>): string {
  const hasDefault = option.default !== null && option.default !== undefined;
  const value = hasDefault ? option.kind.toToml(option.default) : '""';
  const unset = hasDefault ? "" : `; not set (${option.defaultText ?? option.kind.expected})`;
  const [variable = ""] = environmentNames(section, name, option);
  return `# ${option.help}${unset} [${variable}]\n#${keyName(name)} = ${value}\n`;
}

/**
 * The config file that `config init` writes: every key with its purpose, its default and its variable, all of them
 * commented out, so that a later version's better defaults take effect.
 */
export function configTemplate(sections: Sections): string {
  const chapters = Object.entries(sections).map(([section, options]) => {
    const lines = Object.entries(options)
      .filter(([, option]) => option.scope !== "flag")
      .map(([name, option]) => commentedLine(section, name, option));
    return `[${section}]\n${lines.join("")}`;
  });
  const head =
    "# nodupe's settings. Flags win over environment variables (in brackets), those over this file.\n" +
    "# Remove the # before a line to set it; check with: nodupe config check\n";
  return [head, ...chapters].join("\n");
}

/** The template with some values set: what a converter of another program's config writes. */
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
