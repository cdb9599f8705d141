import { patient } from "./emulation.ts";

/** Waits until a condition holds, looking again every few milliseconds; throws at the deadline. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 10_000,
): Promise<void> {
  const end = performance.now() + patient(deadlineMs);
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${patient(deadlineMs)} ms in vain until ${what}`);
    await new Promise<void>((resume) => {
      setTimeout(resume, 5);
    });
  }
}
