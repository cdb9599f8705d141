import { readFileSync } from "node:fs";

/** Where and since when this machine runs: what tells how long ago something was without a clock that can be set. */
export interface Boot {
  /** The machine and its boot, as `machine/boot`; null where the system does not tell. */
  readonly id: string | null;
  /** Milliseconds since the boot, sleep included (CLOCK_BOOTTIME, proc(5)). */
  readonly uptimeMs: () => number;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

/** How long a reading of the uptime is carried on by the engine's own clock, which stands still while the machine sleeps. */
const CARRIED_MS = 100;

/** This machine's; its id is hashed, as machine-id(5) asks. `carriedMs` 0: every reading tells of a sleep. */
export function thisBoot(carriedMs: number = CARRIED_MS): Boot {
  const machine = read("/etc/machine-id") ?? read("/var/lib/dbus/machine-id") ?? "";
  const boot = read("/proc/sys/kernel/random/boot_id");
  const hash = new Bun.CryptoHasher("sha256").update(`nodupe ${machine}`).digest("hex").slice(0, 12);
  let reading = { uptimeMs: 0, atMs: -Infinity };
  const uptimeMs = (): number => {
    const nowMs = performance.now();
    if (nowMs - reading.atMs > carriedMs)
      reading = { uptimeMs: Number.parseFloat(read("/proc/uptime") ?? "0") * 1_000, atMs: nowMs };
    return reading.uptimeMs + (nowMs - reading.atMs);
  };
  return { id: boot === null ? null : `${hash}/${boot}`, uptimeMs };
}

/** When something was, by the clock of a boot. */
export interface BootMoment {
  readonly boot: string | null;
  readonly uptimeMs: number | null;
}

/**
 * How long ago a moment was at least (ms), whatever was done to the clock: in this boot exactly, in an earlier one of this
 * machine at least as long as this one has lasted; of another machine, or where it is not known, nothing is sure.
 */
export function sureAgoMs(moment: BootMoment, here: Boot): number {
  if (here.id === null || moment.boot === null || moment.uptimeMs === null) return 0;
  if (moment.boot === here.id) return Math.max(0, here.uptimeMs() - moment.uptimeMs);
  const isSameMachine = moment.boot.split("/")[0] === here.id.split("/")[0];
  return isSameMachine ? here.uptimeMs() : 0;
}
