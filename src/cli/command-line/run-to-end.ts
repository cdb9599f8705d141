import { writeSync } from "node:fs";
import type { CommandSpec, ExitCode } from "./command.ts";
import { endingOf } from "./exit-code.ts";
import { type Call, invoke } from "./invoke.ts";
import type { Shutdown } from "./shutdown.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What is known by the time that something is thrown. */
interface Known {
  terminal: Terminal | null;
  command: Pick<CommandSpec, "result"> | null;
}

async function keysOfResult({ result }: Pick<CommandSpec, "result">): Promise<readonly string[]> {
  const [{ keysOf }, schema] = await Promise.all([import("../../render/results/fields.ts"), result()]);
  return keysOf(schema);
}

/**
 * With `--json` the object is printed where no command has told its own, every key that is not known null: the one way
 * for errors. Usage errors have no object.
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

/** Says what went wrong. */
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

/** Runs one command line; never throws. A rejection that nobody awaits ends the process like any other error. */
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
