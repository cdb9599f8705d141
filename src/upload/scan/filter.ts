import ignore, { type Ignore } from "ignore";

export const IGNORE_FILE = ".nodupeignore";

/**
 * The filter for `--include` and `--exclude`. A pattern with a `/` is matched against the path below the root,
 * otherwise against the name.
 */
export interface GlobFilter {
  excludesFile(relativePath: string, name: string): boolean;
  excludesFolder(relativePath: string, name: string): boolean;
  /** Nothing is excluded. */
  readonly takesAll: boolean;
  /**
   * If only certain files are wanted: the names to look at in a folder (`base` is "" or `a/b/`); all others are passed
   * over silently. Null for all files.
   */
  readonly namesIn: ((base: string) => Iterable<string>) | null;
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
    takesAll: include.length + exclude.length === 0,
    namesIn: null,
  };
}

const CASE_COUNTS = { ignorecase: false };

/**
 * The rules of an ignore file. `ignore` caches the result for every path it was ever asked about, so it is rebuilt
 * after this many: a tree of a million files takes no more memory than one of a thousand.
 */
class Rules {
  static readonly #renewAfter = 1_000;
  #ignore: Ignore;
  #asked = 0;

  constructor(rules: Ignore) {
    this.#ignore = rules;
  }

  test(path: string): { readonly ignored: boolean; readonly unignored: boolean } {
    this.#asked += 1;
    if (this.#asked % Rules.#renewAfter === 0) this.#ignore = ignore(CASE_COUNTS).add(this.#ignore);
    return this.#ignore.test(path);
  }

  with(pattern: string): Rules {
    return new Rules(ignore(CASE_COUNTS).add(this.#ignore).add([pattern]));
  }
}

/** An ignore file (gitignore syntax) and its folder, relative to the root: "" or `a/b/`. */
export interface IgnoreRules {
  readonly base: string;
  readonly rules: Rules;
}

export function ignoreRules(base: string, text: string): IgnoreRules {
  return { base, rules: new Rules(ignore(CASE_COUNTS).add(text)) };
}

/** Whether the ignore files exclude an entry; as with git, the file nearest to the entry decides. Innermost last. */
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
 * The ignore files as they apply inside a folder (`a/b/`) that is entered. If an outer one ignores the folder, a nearer
 * one has re-included it, and the entries in it are judged on their own, as with git.
 */
export function ignoresWithin(files: readonly IgnoreRules[], folder: string): readonly IgnoreRules[] {
  return files.map((file) => {
    const below = folder.slice(file.base.length);
    if (!file.rules.test(below).ignored) return file;
    const takenBack = `!/${below.replaceAll(/[\\*?[]/g, "\\$&")}`;
    return { base: file.base, rules: file.rules.with(takenBack) };
  });
}
