import type { SharingOptions } from "./plan/sharing/sharing.ts";
import type { RunOptions } from "./run-options.ts";
import { ShareDriver } from "./shared/share-driver.ts";
import { ShareRecord } from "./shared/share-record.ts";

/** How often claims on the shared history are renewed: just over three times per lease. */
const RENEW_MS = 3_000;

/** What a run needs to share its destination's history; null if history is only in this store. */
export function runSharing(
  { shared = null, store, destination, settings }: RunOptions,
  destinationId: number,
  runId: number,
): { readonly driver: ShareDriver; readonly sharing: SharingOptions } | null {
  if (shared === null) return null;
  const { link, waitMs } = shared;
  const record = new ShareRecord(store.db, destinationId, link.address);
  const { ambiguousWait: ambiguousWaitMs } = settings;
  return {
    driver: new ShareDriver({ store: shared, record, destination, runId, ambiguousWaitMs }),
    sharing: {
      address: link.address,
      renewMs: RENEW_MS,
      waitMs,
      mustPublish: record.memory(runId).isBehind,
    },
  };
}
