import { writeSync } from "node:fs";
import type { CommandSpec, ExitCode } from "./command.ts";
import { endingOf } from "./exit-code.ts";
import { type Call, invoke } from "./invoke.ts";
import type { Shutdown } from "./shutdown.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What is known when something is thrown. */
interface Known {
  terminal: Terminal | null;
  command: Pick<CommandSpec, "result"> | null;
}

async function keysOfResult({ result }: Pick<CommandSpec, "result">): Promise<readonly string[]> {
  const [{ keysOf }, schema] = await Promise.all([import("../../render/results/fields.ts"), result()]);
  return keysOf(schema);
}

/**
 * Prints the `--json` object of a failed command, unless the command printed one itself: `error`, and every other key
 * null. All errors are reported this way, except usage errors, which have no object.
 */
async function reportJson(
  { terminal, command }: Known,
  error: { kind: string; reason: string },
): Promise<void> {
  if (terminal?.json !== true || terminal.hasResult) return;
  const keys = command === null ? [] : await keysOfResult(command);
  const unknown = Object.fromEntries(keys.map((key) => [key, null]));
  await terminal.resultJson({ ...unknown, error }).catch(() => undefined);
}

/** Reports what went wrong. */
async function report(thrown: unknown, known: Known): Promise<ExitCode> {
  const { code, kind, lines } = endingOf(thrown);
  const { terminal } = known;
  if (terminal === null) for (const line of lines) writeSync(2, `nodupe: ${line}\n`);
  else for (const line of lines) terminal.error(line);
  if (code !== 2) await reportJson(known, { kind, reason: lines.join("; ") });
  return code;
}

interface ToEnd extends Pick<Call, "argv" | "environment"> {
  readonly shutdown: Shutdown;
}

/** Runs one command line; never throws. An unhandled rejection ends the process like any other error. */
export async function runToEnd({ argv, environment, shutdown }: ToEnd): Promise<ExitCode> {
  const known: Known = { terminal: null, command: null };
  const onStray = (thrown: unknown): void => {
    void report(thrown, known).then((code) => process.exit(code));
  };
  process.on("unhandledRejection", onStray);
  process.on("uncaughtException", onStray);
  shutdown.onGraceOver = () => reportJson(known, { kind: "interrupted", reason: "did not end in time" });
  try {
    return await invoke({
      argv,
      environment,
      signal: shutdown.signal,
      onTerminal: (terminal) => (known.terminal = terminal),
      onCommand: (command) => (known.command = command),
    });
  } catch (error) {
    return await report(error, known);
  }
}
