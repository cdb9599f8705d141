import { writeSync } from "node:fs";
import type { ExitCode } from "./command.ts";
import { endingOf } from "./exit-code.ts";
import { type Call, invoke } from "./invoke.ts";
import type { Terminal } from "./terminal.ts";

/** Says what went wrong; with `--json` the object is printed too, but for usage errors, which have none. */
async function report(thrown: unknown, terminal: Terminal | null): Promise<ExitCode> {
  const { code, line } = endingOf(thrown);
  if (terminal === null) writeSync(2, `nodupe: ${line}\n`);
  else terminal.error(line);
  if (terminal?.json === true && !terminal.hasResult && code !== 2) {
    await terminal.resultJson({ error: line }).catch(() => undefined);
  }
  return code;
}

/** Runs one command line; never throws. A rejection that nobody awaits ends the process like any other error. */
export async function runToEnd(call: Omit<Call, "onTerminal">): Promise<ExitCode> {
  let terminal: Terminal | null = null;
  const onStray = (thrown: unknown): void => {
    void report(thrown, terminal).then((code) => process.exit(code));
  };
  process.on("unhandledRejection", onStray);
  process.on("uncaughtException", onStray);
  try {
    return await invoke({ ...call, onTerminal: (opened) => (terminal = opened) });
  } catch (error) {
    return await report(error, terminal);
  }
}
