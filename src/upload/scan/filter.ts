import ignore, { type Ignore } from "ignore";

export const IGNORE_FILE = ".nodupeignore";

/** What `--include` and `--exclude` say. A pattern with a `/` is held against the path below the root, else against the name. */
export interface GlobFilter {
  excludesFile(relativePath: string, name: string): boolean;
  excludesFolder(relativePath: string, name: string): boolean;
}

function matcher(patterns: readonly string[]): (relativePath: string, name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const globs = patterns.map((pattern) => ({
    glob: new Bun.Glob(pattern.replace(/^\.?\/|\/$/g, "")),
    isPath: pattern.replace(/\/$/, "").includes("/"),
  }));
  return (relativePath, name) => globs.some(({ glob, isPath }) => glob.match(isPath ? relativePath : name));
}

export function globFilter(include: readonly string[], exclude: readonly string[]): GlobFilter {
  const isIncluded = include.length === 0 ? () => true : matcher(include);
  const isExcluded = matcher(exclude);
  return {
    excludesFile: (relativePath, name) => isExcluded(relativePath, name) || !isIncluded(relativePath, name),
    excludesFolder: isExcluded,
  };
}

/** An ignore file (gitignore syntax) and the folder it stands in, relative to the root: "" or `a/b/`. */
export interface IgnoreRules {
  readonly base: string;
  readonly rules: Ignore;
}

export function ignoreRules(base: string, text: string): IgnoreRules {
  return { base, rules: ignore({ ignorecase: false }).add(text) };
}

/** Whether the ignore files leave an entry out; as with git the one nearest to the entry decides. Innermost last. */
export function isIgnored(files: readonly IgnoreRules[], relativePath: string, isFolder: boolean): boolean {
  if (files.length === 0) return false;
  for (const { base, rules } of files.toReversed()) {
    const below = relativePath.slice(base.length) + (isFolder ? "/" : "");
    const { ignored, unignored } = rules.test(below);
    if (ignored || unignored) return ignored;
  }
  return false;
}

/**
 * The ignore files as they hold within a folder (`a/b/`) that is descended: where an outer one ignores the folder, a
 * nearer one has taken it back in, and what lies in it is judged by itself, as with git.
 */
export function ignoresWithin(files: readonly IgnoreRules[], folder: string): readonly IgnoreRules[] {
  return files.map((file) => {
    const below = folder.slice(file.base.length);
    if (!file.rules.test(below).ignored) return file;
    const takenBack = `!/${below.replaceAll(/[\\*?[]/g, "\\$&")}`;
    return { base: file.base, rules: ignore({ ignorecase: false }).add(file.rules).add([takenBack]) };
  });
}
