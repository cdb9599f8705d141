import { readdirSync, readFileSync } from "node:fs";

/** Daemons that discipline the clock, by their name in /proc (at most 15 characters). */
const DAEMONS: Readonly<Record<string, string>> = {
  chronyd: "chronyd",
  ntpd: "ntpd",
  "systemd-timesyn": "systemd-timesyncd",
  openntpd: "openntpd",
  "ntp-daemon": "ntpd-rs",
  ptp4l: "ptp4l",
  phc2sys: "phc2sys",
  timemaster: "timemaster",
};

/**
 * A chronyd started with -x or -Q does not touch the clock. Nor does a zombie, which no longer has a command line
 * (proc(5)).
 */
function leavesClockAlone(name: string, argv: readonly string[]): boolean {
  if (argv.length === 0) return true;
  if (name !== "chronyd") return false;
  return argv.slice(1).some((argument) => /^-[a-zA-Z0-9]*[xQ]/.test(argument));
}

function processName(folder: string): string | null {
  try {
    return readFileSync(`${folder}/comm`, "latin1").trim();
  } catch {
    return null;
  }
}

function commandLine(folder: string): readonly string[] {
  try {
    return readFileSync(`${folder}/cmdline`, "latin1").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** The daemon that controls this machine's clock, with its process id; null if there is none. */
export function clockOwner(proc = "/proc"): { readonly name: string; readonly pid: number } | null {
  let entries: readonly string[];
  try {
    entries = readdirSync(proc);
  } catch {
    return null;
  }
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    const folder = `${proc}/${entry}`;
    const comm = processName(folder);
    const name = comm === null ? undefined : DAEMONS[comm];
    if (name !== undefined && !leavesClockAlone(name, commandLine(folder)))
      return { name, pid: Number(entry) };
  }
  return null;
}
