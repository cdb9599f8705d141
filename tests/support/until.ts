/** An emulated machine is several times slower: build/check-arm64.sh asks for more patience. */
const PATIENCE = Number(process.env["NODUPE_TEST_PATIENCE"] ?? 1);

/** Waits until a condition holds, looking again every few milliseconds; throws at the deadline. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 10_000,
): Promise<void> {
  const end = performance.now() + deadlineMs * PATIENCE;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`);
    await new Promise<void>((resume) => {
      setTimeout(resume, 5);
    });
  }
}
