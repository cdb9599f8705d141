import { wait } from "../lib/wait.ts";
import type { Alert } from "./alerts.ts";

/** A command that runs longer is ended. */
const LONGEST_MS = 60_000;

interface AlertCommand {
  /** A command line for sh. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly longestMs?: number;
}

/**
 * Runs the operator's command for an alert. The text is passed in the environment, never on the command line. If the
 * command hangs or the server stops, it is killed with everything that it started: the command is a process group of
 * its own.
 *
 * @throws Error if it fails or takes too long.
 */
export async function runOnAlert(
  { command, environment, longestMs = LONGEST_MS }: AlertCommand,
  alert: Alert,
  signal: AbortSignal,
): Promise<void> {
  const child = Bun.spawn(["sh", "-c", command], {
    env: { ...environment, NODUPE_ALERT: alert.problem.text, NODUPE_ALERT_KEY: alert.problem.key },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  const ended = new AbortController();
  const kill = async (): Promise<boolean> => {
    await wait(longestMs, AbortSignal.any([signal, ended.signal]));
    if (ended.signal.aborted) return false;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
    return true;
  };
  const killing = kill();
  const exitCode = await child.exited;
  ended.abort();
  const wasKilled = await killing;
  if (signal.aborted) return;
  if (wasKilled)
    throw new Error(`Cannot report an alert: the on_alert command did not end within ${longestMs / 1_000} s`);
  if (exitCode !== 0)
    throw new Error(`Cannot report an alert: the on_alert command ended with exit code ${exitCode}`);
}
