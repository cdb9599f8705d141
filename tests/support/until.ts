import { patient } from "./emulation.ts";

/** Waits until a condition holds, checking every few milliseconds; throws at the deadline. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 10_000,
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    const waitedMs = performance.now() - start;
    if (waitedMs > patient(deadlineMs))
      throw new Error(`waited ${waitedMs.toFixed(0)} ms in vain until ${what}`);
    await new Promise<void>((resume) => {
      setTimeout(resume, 5);
    });
  }
}
