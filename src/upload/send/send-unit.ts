import type { HeldContents } from "./held-contents.ts";
import type { UnitAnswer } from "../plan/events.ts";
import type { Work } from "../plan/work.ts";
import type { ShareDriver } from "../shared/share-driver.ts";
import type { TanovaClient } from "../tanova/types.ts";
import { uploadItem } from "./upload-item.ts";

/** Sends the contents of one request: one, or more as a batch. `cut` aborts it. */
export async function sendUnit(
  works: readonly Work[],
  by: {
    readonly client: TanovaClient;
    readonly held: HeldContents;
    /** null if history is not shared. */
    readonly share: ShareDriver | null;
    readonly cut: AbortSignal;
  },
): Promise<UnitAnswer> {
  const { client, held, share, cut } = by;
  const leases = works.flatMap(({ lease }) => (lease === null ? [] : [lease]));
  let isClaimed = true;
  const mayFinish =
    share === null ? null : async () => (isClaimed = isClaimed && (await share.mayFinish(leases)));
  const items = works.map(({ checksum, file }) =>
    uploadItem(checksum, file, {
      bytes: () => held.get(checksum),
      onHandedOver: () => held.release(checksum),
      mayFinish,
    }),
  );
  const [only] = items;
  const answer: UnitAnswer =
    items.length > 1 || only === undefined
      ? { type: "batch", outcome: await client.uploadBatch(items, cut) }
      : { type: "single", outcome: await client.upload(only, cut) };
  return isClaimed ? answer : { type: "unclaimed" };
}
