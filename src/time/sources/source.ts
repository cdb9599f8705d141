/** The machine's own sources of time, best first. */
export const LOCAL_SOURCES = ["rtc", "file", "build", "monotonic"] as const;
export type LocalSource = (typeof LOCAL_SOURCES)[number];

/** Nobody runs today's program 30 years from now without an update: a later time comes from a broken clock. */
export const HORIZON_S = 946_728_000;

/** Where the time came from. `nts` is authenticated NTP. */
export type Source = "ntp" | "nts" | "https" | LocalSource;
