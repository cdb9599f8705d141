import { openStore, type Store } from "../../../src/db/open.ts";
import { defaultsOf } from "../../../src/settings/defaults.ts";
import { BUILD_TIME_S } from "../../../src/lib/version.ts";
import { systemClock } from "../../../src/time/clock/system-clock.ts";
import { systemLookup } from "../../../src/time/net/resolve.ts";
import { type MeasureSettings, measureOptions } from "../../../src/time/options.ts";
import { type SessionOptions, TimeSession } from "../../../src/time/session.ts";
import type { NtpServer } from "./ntp.ts";

/** The default settings with these servers, and without this machine's local sources. */
export function settingsFor(
  servers: readonly NtpServer[],
  change: Partial<MeasureSettings> = {},
): MeasureSettings {
  return {
    ...defaultsOf(measureOptions),
    server: servers.map(({ address, port }) => ({ host: address, port })),
    rtc: "/nowhere",
    trustedFile: [],
    trustedFolder: [],
    ...change,
  };
}

/** A store in memory, for several sessions. */
export function memoryStore(): Store {
  return openStore({ path: ":memory:" });
}

/** A session that keeps what it learns in `store`; on this machine's clock by default. */
export function sessionOn(
  store: Store,
  settings: MeasureSettings,
  change: Partial<SessionOptions> = {},
): TimeSession {
  return new TimeSession({
    settings,
    clock: systemClock(),
    lookup: systemLookup,
    buildTimeS: BUILD_TIME_S,
    askAll: false,
    isThorough: false,
    signal: new AbortController().signal,
    openStore: () => Promise.resolve({ ...store, [Symbol.dispose]: () => undefined }),
    onStoreFailure: (error) => {
      throw error;
    },
    ...change,
  });
}
