import { version } from "../../package.json" with { type: "json" };

declare const NODUPE_BUILD_TIME_S: number | undefined;

/** The program's version, as in package.json. */
export const VERSION: string = version;

/**
 * When the commit that this program was built from was made, in Unix seconds: a floor below which no clock can be
 * right. build/compile.ts sets it; run from source it is the day the project began.
 */
export const BUILD_TIME_S: number =
  typeof NODUPE_BUILD_TIME_S === "number" ? NODUPE_BUILD_TIME_S : Date.UTC(2026, 10, 20) / 1000;
