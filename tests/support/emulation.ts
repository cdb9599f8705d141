import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/**
 * The program under test may be built for another platform; build/check-arm64.sh sets these variables. EMULATOR is the
 * command that starts it: empty if the program is for this machine, or if the kernel starts the emulator itself.
 */
export const EMULATOR: readonly string[] = (process.env["NODUPE_TEST_EMULATOR"] ?? "")
  .split(" ")
  .filter(Boolean);

/** How many times longer the program may take: the time limits of tests are stretched here and nowhere else. */
const PATIENCE = Number(process.env["NODUPE_TEST_PATIENCE"] ?? 1);

/** Tests may give an emulated program less to do: fewer shapes, fewer files. */
export const IS_EMULATED: boolean = PATIENCE > 1;

/** The machine's load relative to its cores, over the last minute or now, whichever is higher; at least 1. */
function crowding(): number {
  const [, minute, running] = /^(\S+) \S+ \S+ (\d+)\//.exec(readFileSync("/proc/loadavg", "latin1")) ?? [];
  return Math.max(1, Number(minute) / cpus().length, Number(running) / cpus().length);
}

/**
 * Stretches a time limit or tolerance, in any unit, by the load. Call it when the value is needed, since the load
 * changes.
 */
export function patient(amount: number): number {
  const stretched = amount * PATIENCE * crowding();
  // Whole numbers stay whole: timers and processes accept only whole milliseconds.
  return Number.isInteger(amount) ? Math.ceil(stretched) : stretched;
}

/** For `nodupe time`: emulated on a busy machine, it may take seconds to read an answer that has come. */
export const TIME_TO_ANSWER: Readonly<Record<string, string>> = IS_EMULATED
  ? { NODUPE_TIME_TIMEOUT: "10s" }
  : {};

/** A time limit as a command-line argument. */
export function patientMs(ms: number): string {
  return `${ms * PATIENCE}ms`;
}

/** The same for what often runs out: a busy machine stretches it too, three times at most. */
export function busyMs(ms: number): string {
  return `${Math.ceil(ms * PATIENCE * Math.min(3, crowding()))}ms`;
}
