import { Failure, messageOf } from "../../lib/errors.ts";
import type { ServicePlan } from "../../render/service-unit.ts";

/**
 * Runs systemctl, for the system or for this user's session.
 *
 * @throws Failure (failed) with systemctl's own message.
 */
export async function systemctl(scope: ServicePlan["scope"], words: readonly string[]): Promise<void> {
  const child = Bun.spawn(["systemctl", ...(scope === "user" ? ["--user"] : []), ...words], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const [said, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (exitCode === 0) return;
  const reason = said.trim().split("\n")[0] ?? "";
  throw new Failure(
    "failed",
    `systemctl ${words.join(" ")} failed: ${reason === "" ? `exit code ${exitCode}` : reason}`,
  );
}

/** The last error that a unit has logged; null if there is none, or it may not be read. */
async function lastError(scope: ServicePlan["scope"], unit: string): Promise<string | null> {
  const words = [...(scope === "user" ? ["--user"] : []), "-u", unit, "-n", "20", "-o", "cat", "--no-pager"];
  try {
    const child = Bun.spawn(["journalctl", ...words], { stdout: "pipe", stderr: "ignore" });
    const lines = (await new Response(child.stdout).text()).split("\n");
    return (
      lines.findLast((line) => line.startsWith("nodupe: ") && !line.startsWith("nodupe: warning: ")) ?? null
    );
  } catch {
    return null;
  }
}

/**
 * Starts a unit, again if it runs.
 *
 * @throws Failure (failed) with what the unit said before it ended.
 */
export async function startUnit(scope: ServicePlan["scope"], unit: string): Promise<void> {
  try {
    await systemctl(scope, ["restart", unit]);
  } catch (error) {
    const said = await lastError(scope, unit);
    const journal = `journalctl ${scope === "user" ? "--user " : ""}-u ${unit}`;
    const reason = said === null ? messageOf(error) : said.slice("nodupe: ".length);
    throw new Failure(
      "failed",
      `${unit} is installed but did not start: ${reason}; mend that and install it again; its log: ${journal}`,
      { cause: error },
    );
  }
}
