import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/**
 * The tested program may be one of another kind of machine: build/check-arm64.sh sets these variables. What starts it
 * is empty where the program is this machine's, and where the kernel calls the emulator by itself.
 */
export const EMULATOR: readonly string[] = (process.env["NODUPE_TEST_EMULATOR"] ?? "")
  .split(" ")
  .filter(Boolean);

/** How many times longer it may take: here and nowhere else the bounds of tests are stretched. */
const PATIENCE = Number(process.env["NODUPE_TEST_PATIENCE"] ?? 1);

/** An emulated program may be given less of the same to do: fewer shapes, fewer files. */
export const IS_EMULATED: boolean = PATIENCE > 1;

/** How many times more the machine has to do than its cores can at once: by the last minute, or by this moment. */
function crowding(): number {
  const [, minute, running] = /^(\S+) \S+ \S+ (\d+)\//.exec(readFileSync("/proc/loadavg", "latin1")) ?? [];
  return Math.max(1, Number(minute) / cpus().length, Number(running) / cpus().length);
}

/** A deadline or a tolerance, in whatever unit; asked for at the moment that it is needed, since a machine gets busy. */
export function patient(amount: number): number {
  const stretched = amount * PATIENCE * crowding();
  // Whole milliseconds stay whole: timers and processes take no others.
  return Number.isInteger(amount) ? Math.ceil(stretched) : stretched;
}

/** A deadline as the command line takes it. */
export function patientMs(ms: number): string {
  return `${ms * PATIENCE}ms`;
}
