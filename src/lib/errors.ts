/**
 * The kinds of failure. One switch in main.ts turns them into exit codes: `usage` 2, `failed` 1, `check` 3,
 * `unreachable` 4, `not-permitted` 5.
 */
export type FailureKind = "usage" | "failed" | "check" | "unreachable" | "not-permitted";

/**
 * A failure reported in one line, or in one line for each of several faults: what was wrong, what was expected,
 * what to do. Names and messages from outside are kept as they are: printing escapes them. Anything else that
 * reaches main.ts is a defect of this program and is reported as one.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly lines: readonly string[];

  constructor(kind: FailureKind, message: string | readonly string[], options?: ErrorOptions) {
    const lines = typeof message === "string" ? [message] : message;
    super(lines.join("\n"), options);
    this.name = "Failure";
    this.kind = kind;
    this.lines = lines;
  }
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The system's reason alone: of `EACCES: permission denied, open '/x'` only `permission denied`, for a line that
 * names the file itself.
 */
export function reasonOf(thrown: unknown): string {
  const message = messageOf(thrown);
  return /^E[A-Z0-9]+: ([^,]+), \w+( '.*')?$/s.exec(message)?.[1] ?? message;
}

/** The system's error code (`ENOENT`, `SQLITE_FULL`, …) of anything thrown, or of its causes. */
export function codeOf(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ("code" in error && typeof error.code === "string") return error.code;
  }
  return undefined;
}
