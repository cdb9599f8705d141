import { writeSync } from "node:fs";
import type { CommandSpec, ExitCode } from "./command.ts";
import { endingOf } from "./exit-code.ts";
import { type Call, invoke } from "./invoke.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What is known by the time that something is thrown. */
interface Known {
  terminal: Terminal | null;
  command: Pick<CommandSpec, "resultKeys"> | null;
}

/**
 * Says what went wrong. With `--json` the object is printed too, every key that is not known null: the one way for
 * errors that no command has told in its own result. Usage errors have no object.
 */
async function report(thrown: unknown, { terminal, command }: Known): Promise<ExitCode> {
  const { code, kind, lines } = endingOf(thrown);
  if (terminal === null) for (const line of lines) writeSync(2, `nodupe: ${line}\n`);
  else for (const line of lines) terminal.error(line);
  if (terminal?.json === true && !terminal.hasResult && code !== 2) {
    const unknown = Object.fromEntries((command?.resultKeys ?? []).map((key) => [key, null]));
    const error = { kind, reason: lines.join("; ") };
    await terminal.resultJson({ ...unknown, error }).catch(() => undefined);
  }
  return code;
}

/** Runs one command line; never throws. A rejection that nobody awaits ends the process like any other error. */
export async function runToEnd(call: Omit<Call, "onTerminal" | "onCommand">): Promise<ExitCode> {
  const known: Known = { terminal: null, command: null };
  const onStray = (thrown: unknown): void => {
    void report(thrown, known).then((code) => process.exit(code));
  };
  process.on("unhandledRejection", onStray);
  process.on("uncaughtException", onStray);
  try {
    return await invoke({
      ...call,
      onTerminal: (terminal) => (known.terminal = terminal),
      onCommand: (command) => (known.command = command),
    });
  } catch (error) {
    return await report(error, known);
  }
}
