import { Failure, messageOf } from "../../lib/errors.ts";
import type { Origin } from "../../settings/resolve.ts";
import type { SharedSettings } from "../../upload/shared/options.ts";
import { readCa } from "../tanova-client.ts";
import type { SharedStore } from "../../upload/shared/share-driver.ts";

/** For a connection and for each command: well below a lease. */
const TIMEOUT_MS = 3_000;

/**
 * The history that is shared, as settings name it; null where none is. What refuses us for good is told at once; a store
 * that is away is the run's to wait for.
 *
 * @throws Failure
 */
export async function openSharedStore(
  { shared: url, sharedWait }: SharedSettings,
  given: { readonly origin: Origin; readonly caFile: string | null; readonly isWatching: boolean },
): Promise<(SharedStore & Disposable) | null> {
  if (url === null) return null;
  const { origin, caFile, isWatching } = given;
  if (origin.source === "flag" && new URL(url).password !== "")
    throw new Failure(
      "usage",
      "--shared holds a password, which every user of this machine can read in the list of processes; set it in NODUPE_SHARED or in the config instead",
    );
  const [{ Link }, { SharedStoreError }] = await Promise.all([
    import("../../upload/shared/link.ts"),
    import("../../upload/shared/shared-store-error.ts"),
  ]);
  const link = new Link({ url, ca: readCa(caFile).ca ?? null, timeoutMs: TIMEOUT_MS });
  try {
    await link.open();
  } catch (error) {
    if (!(error instanceof SharedStoreError)) throw error;
    if (!error.isPassing)
      throw new Failure(error.kind, `the shared store ${link.address}: ${messageOf(error)}`);
  }
  return {
    link,
    waitMs: isWatching ? Infinity : sharedWait,
    [Symbol.dispose]: () => link[Symbol.dispose](),
  };
}
