import { test } from "bun:test";
import { appendFileSync } from "node:fs";

type Body = () => void | Promise<void>;

/**
 * A test that needs system programs: `needs("chronyd")("answers", async () => …)`. Where one is missing, the test is
 * said and counted as skipped (build/check.sh reads NODUPE_SKIPPED), never passed silently.
 */
export function needs(...programs: string[]): (name: string, body: Body, timeoutMs?: number) => void {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  // Under emulation strace sees the emulator's calls, not the program's.
  const isEmulated = Boolean(process.env["NODUPE_TEST_EMULATOR"]);
  const missing = programs.filter(
    (program) => Bun.which(program, { PATH: path }) === null || (isEmulated && program === "strace"),
  );
  if (missing.length === 0) return (name, body, timeoutMs) => test(name, body, timeoutMs);
  return (name) => {
    const line = `skipped, ${missing.join(" and ")} missing: ${name}\n`;
    process.stderr.write(line);
    const list = process.env["NODUPE_SKIPPED"];
    if (list !== undefined) appendFileSync(list, line);
  };
}

/** Where a program that is in sbin too is found. */
export function programPath(program: string): string {
  const found = Bun.which(program, { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });
  if (found === null) throw new Error(`Cannot find ${program}`);
  return found;
}
