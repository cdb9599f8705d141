import { codeOf } from "./errors.ts";
import { wait } from "./wait.ts";

const AGAIN_MS = 50;
/** Uploads hold most descriptors, and most of them end within ten seconds. */
const ATTEMPTS = 200;

/** The process, or the machine, has no descriptor left for another file. */
export function isOutOfDescriptors(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EMFILE" || code === "ENFILE";
}

/** Calls `open`, retrying for ten seconds while no descriptor is left. */
export async function openPatiently<T>(open: () => T | Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open();
    } catch (error) {
      if (!isOutOfDescriptors(error) || attempt >= ATTEMPTS) throw error;
    }
    await wait(AGAIN_MS);
  }
}
