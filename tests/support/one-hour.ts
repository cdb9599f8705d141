import { type Declare, declare } from "./programs.ts";

const HOUR_MS = 3_600_000;

const presentHour = (): number => Math.floor(Date.now() / HOUR_MS);

/**
 * Declares a test that compares answers about the last hours: if it fails and the hour has changed meanwhile, it runs
 * again, since the answers were then about different windows. Its body has to make all that it uses.
 */
export function withinOneHour(declared: Declare = declare): Declare {
  return (name, body, timeoutMs) =>
    declared(
      name,
      async () => {
        const hour = presentHour();
        try {
          await body();
        } catch (error) {
          if (presentHour() === hour) throw error;
          await body();
        }
      },
      timeoutMs,
    );
}
