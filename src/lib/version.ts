import { version } from "../../package.json" with { type: "json" };

declare const NODUPE_BUILD_TIME_S: number | undefined;

/** The program's version, as in package.json. */
export const VERSION: string = version;

/**
 * When the commit of this build was made, in Unix seconds: no correct clock can be earlier. Set by
 * build/compile.ts; when run from source, the day the project began.
 */
export const BUILD_TIME_S: number =
  typeof NODUPE_BUILD_TIME_S === "number" ? NODUPE_BUILD_TIME_S : Date.UTC(2026, 10, 20) / 1000;
