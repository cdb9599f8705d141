/**
 * What kind of end a failure is. One switch in main.ts turns it into an exit code;
 * `usage` 2, `failed` 1, `check` 3, `unreachable` 4, `not-permitted` 5.
 */
export type FailureKind = "usage" | "failed" | "check" | "unreachable" | "not-permitted";

/**
 * A failure that a person is told in one line (or a line for each of several faults): what was wrong, what was
 * expected, what to do. Names and messages from outside go in as they are: who prints a line escapes it.
 * Anything else that reaches main.ts is a defect of this program and is reported as one.
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

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * What the system says is wrong, in its words alone: a message such as `EACCES: permission denied, open '/x'` without
 * the code and the call, for a line that names the file itself.
 */
export function reasonOf(thrown: unknown): string {
  const message = messageOf(thrown);
  return /^E[A-Z0-9]+: ([^,]+), \w+( '.*')?$/s.exec(message)?.[1] ?? message;
}

/** The system's error code (`ENOENT`, `SQLITE_FULL`, …) of anything that was thrown, looking through causes. */
export function codeOf(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ("code" in error && typeof error.code === "string") return error.code;
  }
  return undefined;
}
