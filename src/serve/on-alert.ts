import type { Alert } from "./alerts.ts";

/** A command that runs longer is ended. */
const LONGEST_MS = 60_000;

/** Runs the operator's command for an alert. The text is passed in the environment, never on the command line. */
export async function runOnAlert(
  { command, environment }: { command: string; environment: Readonly<Record<string, string | undefined>> },
  alert: Alert,
  signal: AbortSignal,
): Promise<void> {
  const child = Bun.spawn(["sh", "-c", command], {
    env: { ...environment, NODUPE_ALERT: alert.problem.text, NODUPE_ALERT_KEY: alert.problem.key },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: LONGEST_MS,
    signal,
  });
  const exitCode = await child.exited;
  if (exitCode !== 0 && !signal.aborted)
    throw new Error(`Cannot report an alert: the on_alert command ended with exit code ${exitCode}`);
}
