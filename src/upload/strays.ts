import pLimit from "p-limit";
import type { TanovaClient } from "./tanova/types.ts";
import type { Ledger } from "./ledger.ts";
import { remainingWaitMs, type RetryPolicy } from "./next-step.ts";

const PAGE = 1_000;
const CHECKS_AT_ONCE = 4;

/**
 * Settles uploads that an earlier run left without an answer and whose files this run has not come across (moved,
 * removed, in another folder): there, they are done; absent for long enough, they are pending; else they stay.
 */
export async function settleStrays(options: {
  ledger: Ledger;
  client: TanovaClient;
  policy: RetryPolicy;
  signal: AbortSignal;
}): Promise<void> {
  const { ledger, client, policy, signal } = options;
  const strays = ledger.strays(PAGE);
  if (strays.length === 0) return;
  const there = await client.checkMany(
    strays.map(({ checksum }) => checksum),
    signal,
  );
  const limit = pLimit(CHECKS_AT_ONCE);
  await Promise.all(
    strays.map(({ checksum, sentAtMs }) =>
      limit(async () => {
        const asked = there === null ? await client.check(checksum, signal) : null;
        const found = asked ?? (there?.has(checksum) === true ? "there" : "absent");
        const content = { checksum, path: null };
        const isPast = remainingWaitMs(sentAtMs ?? 0, Date.now(), policy.ambiguousWaitMs) === 0;
        if (found === "there") ledger.done(content, "upload");
        else if (found === "absent" && isPast) {
          ledger.pending(content, { status: null, reason: "an earlier upload of it never arrived" });
        }
      }),
    ),
  );
}
