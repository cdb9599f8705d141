import type { Store } from "../../db/open.ts";
import { wait } from "../../lib/wait.ts";

/** The share of time that checks may take: a huge store is checked less often. */
const MOST_SHARE = 0.05;

/**
 * Tells whenever another connection has written to the store (PRAGMA data_version changes then, and reading it costs
 * microseconds), at most once in `leastMs`.
 */
export async function watchStore(
  store: Store,
  options: { readonly leastMs: number; readonly signal: AbortSignal; readonly onChange: () => void },
): Promise<void> {
  const version = store.db.query<{ data_version: number }, []>("PRAGMA data_version");
  let last = version.get()?.data_version;
  let everyMs = options.leastMs;
  while (await wait(everyMs, options.signal)) {
    const now = version.get()?.data_version;
    if (now === last) continue;
    last = now;
    const startedMs = performance.now();
    options.onChange();
    everyMs = Math.max(options.leastMs, (performance.now() - startedMs) / MOST_SHARE);
  }
}
