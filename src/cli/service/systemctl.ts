import { Failure } from "../../lib/errors.ts";
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
