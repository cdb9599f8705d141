import { codeOf } from "./errors.ts";
import { wait } from "./wait.ts";

const AGAIN_MS = 50;
/** What holds descriptors are uploads, which end; ten seconds are more than most of them take. */
const ATTEMPTS = 200;

/** The process, or the machine, has no descriptor left for another file. */
export function isOutOfDescriptors(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EMFILE" || code === "ENFILE";
}

/** What `open` opens; while there is no descriptor left it is tried again, for ten seconds. */
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
