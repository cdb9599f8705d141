import { backoffMs } from "../lib/backoff.ts";
import { wait } from "../lib/wait.ts";
import type { Health, TanovaClient } from "./tanova/types.ts";
import type { Stop } from "./delivery-options.ts";
import type { RetryPolicy } from "./next-step.ts";

export type Connection =
  | { readonly type: "ready"; readonly health: Health }
  | { readonly type: "stopped"; readonly stop: Stop }
  | { readonly type: "aborted" };

/** Asks the server how it is, as often as the policy allows, before the first upload. */
export async function connect(
  client: TanovaClient,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<Connection> {
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await client.health(signal);
    if (signal.aborted) return { type: "aborted" };
    if (outcome.type === "healthy") {
      const { authenticated, canUpload } = outcome.health;
      if (authenticated && canUpload) return { type: "ready", health: outcome.health };
      const reason = authenticated ? "the API key may not upload" : "the API key was not accepted";
      return { type: "stopped", stop: { type: "unauthorized", status: null, reason } };
    }
    const { status, reason } = outcome;
    if (outcome.type === "unauthorized")
      return { type: "stopped", stop: { type: "unauthorized", status: outcome.status, reason } };
    if (attempt >= policy.retries) return { type: "stopped", stop: { type: "unreachable", status, reason } };
    const pauseMs = outcome.retryAfterMs ?? backoffMs(policy.backoff, attempt, policy.random);
    if (!(await wait(pauseMs, signal))) return { type: "aborted" };
  }
}
