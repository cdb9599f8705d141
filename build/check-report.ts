// What build/check.sh says of failures: reads the output of its steps and of bun's test runs.
//
//   bun build/check-report.ts files LOG              the test files in which something failed, one a line
//   bun build/check-report.ts again LOG ALONE…       how many failures of a run passed when their file ran alone, and how
//                                                    many did not
//   bun build/check-report.ts report FOLDER          every failure once more; each stage has a folder in FOLDER, with
//                                                    its `log`, and `alone.1`, `alone.2` … of files run again
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** At most so many lines in all: what keeps only the end of a long output still keeps every failure. */
const REPORT_LINES = 120;
const FAILURE_LINES = 30;
const LINE_LENGTH = 200;

/** How the message of an error begins. */
const ERROR = /^(\w*Error|error)\b/;

/** What fails outside of a test, such as a hook: it passes when its whole file does. */
const OUTSIDE = "(outside of a test)";

export interface Result {
  /** The file's path as bun prints it; empty if the output does not tell. */
  readonly file: string;
  readonly name: string;
  readonly outcome: "pass" | "fail" | "skip";
  /** What was printed before it, since the file's previous result. */
  readonly lines: readonly string[];
}

export interface Stage {
  readonly name: string;
  readonly log: string;
  /** The output of each file that was run again. */
  readonly alone: readonly string[];
}

/** The output of each test file. Files that run in parallel take turns, each turn under the file's name. */
function linesByFile(log: string): Map<string, string[]> {
  const files = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of log.split("\n")) {
    const file = /^(\S+\.test\.tsx?):$/.exec(line)?.[1];
    // After a long output bun repeats what failed, under no file's name.
    if (/^\d+ tests? failed:$/.test(line)) current = undefined;
    if (file === undefined) {
      current?.push(line);
      continue;
    }
    current = files.get(file) ?? [];
    files.set(file, current);
  }
  return files;
}

function trimmed(lines: readonly string[]): string[] {
  const isFull = (line: string): boolean => line.trim() !== "";
  const first = lines.findIndex(isFull);
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex(isFull) + 1);
}

/** The results of one file, in order. bun's notes on a result follow it. */
function resultsOf(file: string, lines: readonly string[]): Result[] {
  const results: Result[] = [];
  let since: string[] = [];
  let last: { printed: string[] } | undefined;
  for (const line of [...lines, null]) {
    const [, outcome, name = ""] = /^\((pass|fail|skip)\) (.*?)(?: \[[\d.]+m?s\])?$/.exec(line ?? "") ?? [];
    if (line !== null && outcome === undefined) {
      (/^ {2}\^ /.test(line) && last !== undefined ? last.printed : since).push(line);
      continue;
    }
    // A worker's output may come after the result that it belongs to.
    if (last?.printed.length === 0) last.printed.push(...trimmed(since));
    if (line === null) break;
    last = { printed: trimmed(since) };
    since = [];
    results.push({
      file,
      // bun's name for a hook
      name: name === "(unnamed)" ? OUTSIDE : name,
      outcome: outcome === "pass" || outcome === "skip" ? outcome : "fail",
      lines: last.printed,
    });
  }
  return results;
}

/** Errors between tests. Their file is in the stack, if anywhere: bun prints them under the name of any file. */
function errorsBetween(log: string): Result[] {
  return [...log.matchAll(/^# Unhandled error between tests\n-+\n([\s\S]*?)\n-{20,}$/gm)].map(
    ([, text = ""]) => ({
      file: /([^\s(]+\.test\.tsx?):\d+/.exec(text)?.[1] ?? "",
      name: OUTSIDE,
      outcome: "fail",
      lines: text.split("\n"),
    }),
  );
}

/** The results in the output of a run of bun, in parallel or not. */
export function resultsIn(log: string): Result[] {
  const results = [...linesByFile(log)].flatMap(([file, lines]): Result[] => {
    // bun counts a worker that died as one failure, and none of its file's results.
    const crash = lines.findIndex((line) => /^✗ \S+ \(worker crashed/.test(line));
    return crash === -1
      ? resultsOf(file, lines)
      : [{ file, name: OUTSIDE, outcome: "fail", lines: trimmed(lines.slice(0, crash + 1)) }];
  });
  return [...results, ...errorsBetween(log)];
}

const failuresIn = (log: string): Result[] =>
  resultsIn(log)
    .filter(({ outcome }) => outcome === "fail")
    .map((failure) => ({ ...failure, lines: [...failure.lines, ...errorElsewhere(failure, log)] }));

/** The error of a failure that has none: of parallel workers, bun may print it under another file's name. */
function errorElsewhere({ file, lines }: Result, log: string): string[] {
  if (lines.some((line) => ERROR.test(line) || line.startsWith("  ^ "))) return [];
  const all = log.split("\n");
  const stack = all.findIndex((line) => /^ {6}at /.test(line) && line.includes(`/${file}:`));
  return stack === -1 ? [] : all.slice(Math.max(0, stack + 1 - FAILURE_LINES), stack + 1);
}

/** Paths in bun's errors are absolute, those above its results relative. */
const isSameFile = (one: string, other: string): boolean =>
  one !== "" && other !== "" && (one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`));

/** Whether a failure passed when its file ran alone. What has no name of its own passed if the whole file did. */
function passedAlone({ file, name }: Result, alone: readonly string[]): boolean {
  return alone.some((log) => {
    const results = resultsIn(log).filter((result) => isSameFile(result.file, file));
    if (results.some((result) => result.outcome === "fail" && (name === OUTSIDE || result.name === name))) {
      return false;
    }
    return name === OUTSIDE
      ? results.length > 0 && /^ *0 fail$/m.test(log)
      : results.some((result) => result.outcome === "pass" && result.name === name);
  });
}

/** So many lines from shortly before the first error on; the last ones where there is none. */
function shortened(lines: readonly string[], limit: number): string[] {
  const error = lines.findIndex((line) => ERROR.test(line));
  const start = error === -1 ? Infinity : Math.max(0, error - Math.min(5, Math.floor(limit / 4)));
  return lines.slice(Math.min(start, Math.max(0, lines.length - limit))).slice(0, limit);
}

/** How many lines each may have of a total: what short ones leave over, longer ones get. */
function shares(lengths: readonly number[], total: number): number[] {
  const result = lengths.map(() => 0);
  let left = total;
  const order = [...lengths.keys()].toSorted((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
  for (const [position, index] of order.entries()) {
    const share = Math.min(lengths[index] ?? 0, FAILURE_LINES, Math.floor(left / (order.length - position)));
    result[index] = share;
    left -= share;
  }
  return result;
}

/**
 * Every failure of all stages, in at most 120 lines: where it was, and up to 30 lines of what was printed, around the
 * error.
 */
export function report(stages: readonly Stage[]): string {
  const sections = stages.flatMap(({ name, log, alone }) => {
    const failures = failuresIn(log);
    if (failures.length === 0) return [{ title: `failed: ${name}`, lines: trimmed(log.split("\n")) }];
    return failures.map((failure) => ({
      title: `${passedAlone(failure, alone) ? "unsteady: passed only alone" : "failed"}: ${name}: ${failure.file}: ${failure.name}`,
      lines: failure.lines,
    }));
  });
  const shown = sections.slice(0, REPORT_LINES - 1);
  const rooms = shares(
    shown.map(({ lines }) => lines.length),
    REPORT_LINES - 1 - shown.length,
  );
  const text = shown.flatMap(({ title, lines }, index) => [
    title,
    ...shortened(lines, rooms[index] ?? 0).map((line) => `    ${line}`),
  ]);
  if (shown.length < sections.length) text.push(`and ${sections.length - shown.length} more`);
  return text.map((line) => `${line.slice(0, LINE_LENGTH).trimEnd()}\n`).join("");
}

function stagesOf(folder: string): Stage[] {
  return readdirSync(folder)
    .toSorted()
    .map((stage) => {
      const read = (name: string): string => readFileSync(join(folder, stage, name), "utf8");
      const alone = readdirSync(join(folder, stage)).filter((name) => name.startsWith("alone."));
      return { name: stage.replace(/^\d+ /, ""), log: read("log"), alone: alone.map(read) };
    });
}

if (import.meta.main) {
  const [mode, path = "", ...alone] = process.argv.slice(2);
  const read = (file: string): string => readFileSync(file, "utf8");
  if (mode === "files") {
    // A failure of no known file is left out: nothing can be run again for it.
    const files = new Set(failuresIn(read(path)).map(({ file }) => file && relative(".", file)));
    files.delete("");
    await Bun.write(Bun.stdout, [...files].map((file) => `${file}\n`).join(""));
  } else if (mode === "again") {
    const passed = failuresIn(read(path)).map((failure) => passedAlone(failure, alone.map(read)));
    await Bun.write(Bun.stdout, `${passed.filter(Boolean).length} ${passed.filter((did) => !did).length}\n`);
  } else if (mode === "report") {
    await Bun.write(Bun.stdout, report(stagesOf(path)));
  } else {
    throw new Error("usage: bun build/check-report.ts files|again|report PATH…");
  }
}
