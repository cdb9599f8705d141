import { readFileSync } from "node:fs";

/** This machine's current boot: measures how long ago something was without a clock that can be set. */
export interface Boot {
  /** The machine and its boot, as `machine/boot`; null if the system does not provide them. */
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

/** How long the engine's own clock, which stops while the machine sleeps, extends a reading of the uptime. */
const CARRIED_MS = 100;

/** This machine's boot; its id is hashed, as machine-id(5) asks. With `carriedMs` 0 every reading includes sleep. */
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

/** A moment on the clock of a boot. */
export interface BootMoment {
  readonly boot: string | null;
  readonly uptimeMs: number | null;
}

/**
 * The least time (ms) since a moment, whatever was done to the clock. Exact in this boot; for an earlier boot of this
 * machine, at least the uptime of this one; on another machine, or if the boot is not known, nothing is certain.
 */
export function sureAgoMs(moment: BootMoment, here: Boot): number {
  if (here.id === null || moment.boot === null || moment.uptimeMs === null) return 0;
  if (moment.boot === here.id) return Math.max(0, here.uptimeMs() - moment.uptimeMs);
  const isSameMachine = moment.boot.split("/")[0] === here.id.split("/")[0];
  return isSameMachine ? here.uptimeMs() : 0;
}
