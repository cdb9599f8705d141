/** What the machine itself can say of the time, best first. */
export const LOCAL_SOURCES = ["rtc", "file", "build", "monotonic"] as const;
export type LocalSource = (typeof LOCAL_SOURCES)[number];

/** No program of today is run, without a single update, 30 years on: a time later than that is a broken clock's. */
export const HORIZON_S = 946_728_000;

/** Where the time came from. `nts` is authenticated NTP. */
export type Source = "ntp" | "nts" | "https" | LocalSource;
