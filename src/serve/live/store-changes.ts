import type { Store } from "../../db/open.ts";
import { wait } from "../../lib/wait.ts";

/** The largest share of the time to spend on checks: a huge store is checked less often. */
const MOST_SHARE = 0.05;

/** After a change and then this long without another, `onChange` is called once more, so that rates drop to zero. */
const QUIET_MS = 3_000;

/**
 * Calls `onChange` when another connection has written to the store, at most once in `leastMs`. PRAGMA data_version
 * then changes; reading it takes microseconds.
 */
export async function watchStore(
  store: Store,
  options: { readonly leastMs: number; readonly signal: AbortSignal; readonly onChange: () => void },
): Promise<void> {
  const version = store.db.query<{ data_version: number }, []>("PRAGMA data_version");
  let last = version.get()?.data_version;
  let everyMs = options.leastMs;
  let changedMs: number | null = null;
  while (await wait(everyMs, options.signal)) {
    const now = version.get()?.data_version;
    const isQuiet: boolean = now === last && changedMs !== null && performance.now() - changedMs >= QUIET_MS;
    if (now === last && !isQuiet) continue;
    changedMs = isQuiet ? null : performance.now();
    last = now;
    const startedMs = performance.now();
    options.onChange();
    everyMs = Math.max(options.leastMs, (performance.now() - startedMs) / MOST_SHARE);
  }
}
