import type { Store } from "../../db/open.ts";
import { wait } from "../../lib/wait.ts";

/** The largest share of the time to spend on checks: a huge store is checked less often. */
const MOST_SHARE = 0.05;

/** After a change and then this long without another, `onChange` is called once more, so that rates drop to zero. */
const QUIET_MS = 3_000;

/**
 * Calls `onChange` when another connection has written to the store, or its file was removed, replaced or put back, at
 * most once in `leastMs`. PRAGMA data_version changes with each write; reading it takes microseconds.
 */
export async function watchStore(
  store: Store,
  options: {
    readonly leastMs: number;
    readonly signal: AbortSignal;
    /** Whether the store's file is still the one that was opened. */
    readonly isThere: () => boolean;
    readonly onChange: () => void;
  },
): Promise<void> {
  const query = store.db.query<{ data_version: number }, []>("PRAGMA data_version");
  const version = (): string => `${query.get()?.data_version} ${options.isThere()}`;
  let last = version();
  let everyMs = options.leastMs;
  let changedMs: number | null = null;
  while (await wait(everyMs, options.signal)) {
    const now = version();
    const isQuiet: boolean = now === last && changedMs !== null && performance.now() - changedMs >= QUIET_MS;
    if (now === last && !isQuiet) continue;
    changedMs = isQuiet ? null : performance.now();
    last = now;
    const startedMs = performance.now();
    options.onChange();
    everyMs = Math.max(options.leastMs, (performance.now() - startedMs) / MOST_SHARE);
  }
}
