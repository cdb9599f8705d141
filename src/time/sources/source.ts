/** What the machine itself can say of the time, best first. */
export const LOCAL_SOURCES = ["rtc", "file", "build", "monotonic"] as const;
export type LocalSource = (typeof LOCAL_SOURCES)[number];

/** Where the time came from. `nts` is authenticated NTP. */
export type Source = "ntp" | "nts" | "https" | LocalSource;
