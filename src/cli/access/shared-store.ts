import { Failure, messageOf } from "../../lib/errors.ts";
import { isNearer, type Origin } from "../../settings/resolve.ts";
import { redisUrl, type SharedSettings } from "../../upload/shared/options.ts";
import { readCa } from "./certificates.ts";
import { readSecretFile } from "./secret-file.ts";
import type { SharedStore } from "../../upload/shared/share-driver.ts";

/** The timeout for connecting and for each command: well below the duration of a lease. */
const TIMEOUT_MS = 3_000;

type Origins = Readonly<Record<keyof SharedSettings, Origin>>;

/** The shared store's URL from the file or the value, whichever was set closer to the command line. */
function urlOf(
  { shared, sharedFile }: SharedSettings,
  origins: Origins,
  onWarning: (line: string) => void,
): string | null {
  const isFileNearer = isNearer(origins.sharedFile, origins.shared);
  if (sharedFile !== null && (isFileNearer || shared === null)) {
    const { text, warning } = readSecretFile(sharedFile, "shared store's", redisUrl.expected);
    if (warning !== null) onWarning(warning);
    const url = redisUrl.parse(text);
    if (url === null)
      throw new Failure("usage", `the shared store's file ${sharedFile}: expected ${redisUrl.expected}`);
    return url;
  }
  if (shared === null && origins.sharedWait.source === "flag")
    throw new Failure("usage", "--shared-wait means nothing without --shared; give both, or neither");
  if (origins.shared.source === "flag" && shared !== null && new URL(shared).password !== "")
    throw new Failure(
      "usage",
      "--shared holds a password, which every user of this machine can read in the list of processes; set it in NODUPE_SHARED, in the config or in a file (--shared-file) instead",
    );
  return shared;
}

/**
 * Opens the shared history named by the settings; null if there is none. A permanent error, such as a refused login, is
 * thrown at once; if the store is unreachable, the run waits for it.
 *
 * @throws Failure if the settings are wrong, or the store refuses this client permanently.
 */
export async function openSharedStore(
  settings: SharedSettings,
  given: {
    readonly origins: Origins;
    readonly caFile: string | null;
    readonly isWatching: boolean;
    readonly onWarning: (line: string) => void;
  },
): Promise<(SharedStore & Disposable) | null> {
  const { origins, caFile, isWatching, onWarning } = given;
  const url = urlOf(settings, origins, onWarning);
  if (url === null) return null;
  const { sharedWait } = settings;
  const [{ Link }, { SharedStoreError }] = await Promise.all([
    import("../../redis/link.ts"),
    import("../../redis/shared-store-error.ts"),
  ]);
  const link = new Link({ url, ca: readCa(caFile), timeoutMs: TIMEOUT_MS });
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
