import { readdirSync, readFileSync } from "node:fs";

/** Daemons that discipline a clock, by the name that /proc gives them (15 characters at most). */
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
 * A chronyd that was told to leave the clock alone (-x), or only to measure (-Q), owns nothing. Nor does one that has
 * ended and waits for its parent: it has no command line any more (proc(5)).
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

/** The daemon that owns this machine's clock, with its process; null where there is none. */
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
