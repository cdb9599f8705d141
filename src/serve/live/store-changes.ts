import type { Store } from "../../db/open.ts";
import { wait } from "../../lib/wait.ts";

/** The share of time that checks may take: a huge store is checked less often. */
const MOST_SHARE = 0.05;

/** Who has been told of a change is told once more after so long without another: a rate goes down to nothing. */
const QUIET_MS = 3_000;

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
