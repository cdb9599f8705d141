import { type BigIntStats, type Dirent, lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A moment that has certainly passed, and the evidence for it. */
export interface PastMoment {
  readonly ns: bigint;
  readonly path: string;
}

export interface ScanOptions {
  /** Files whose time counts by itself; those of fake-hwclock are read for the time written in them. */
  readonly files: readonly string[];
  /** Folders whose files (logs) count if another moment confirms them. */
  readonly folders: readonly string[];
  /** 1: files in the folder itself; 2: those in its subfolders too. */
  readonly depth: number;
  /** The most files to look at. */
  readonly limit: number;
  /** Later moments are ignored: they only show that a clock was broken. */
  readonly endNs: bigint;
}

const DAY_NS = 86_400_000_000_000n;
const STICKY = 0o1000n;
const OTHERS_WRITE = 0o022n;
/** Files owned by a daemon's user, in a folder of its own that root created. */
const OF_DAEMONS: ReadonlySet<string> = new Set(["/var/lib/systemd/timesync/clock"]);

function statusOf(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/** Owned by root or by the user running this, who could set any time through the settings anyway. */
function isOurs(uid: bigint): boolean {
  return uid === 0n || uid === BigInt(process.getuid?.() ?? 0);
}

/** Knows which folders nobody else can change, checking from the root down. */
class FolderTrust {
  readonly #known = new Map<string, boolean>();

  /** Whether nobody but root, this user and, with `ofDaemon`, the folder's own daemon can put a file there. */
  holds(folder: string, ofDaemon = false): boolean {
    const status = statusOf(folder);
    if (status === null || !status.isDirectory() || (status.mode & OTHERS_WRITE) !== 0n) return false;
    return (ofDaemon || isOurs(status.uid)) && this.#isReached(dirname(folder));
  }

  /** Whether nobody else can replace this folder with another one. */
  #isReached(folder: string): boolean {
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    const status = statusOf(folder);
    const isKept = status !== null && ((status.mode & OTHERS_WRITE) === 0n || (status.mode & STICKY) !== 0n);
    const isReached =
      isKept && isOurs(status.uid) && (folder === dirname(folder) || this.#isReached(dirname(folder)));
    this.#known.set(folder, isReached);
    return isReached;
  }
}

/** `2026-11-20 22:17:01` in UTC, as written by fake-hwclock at shutdown. */
function writtenNs(path: string): bigint | null {
  if (!path.endsWith("fake-hwclock.data")) return null;
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(readFileSync(path, "latin1"));
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n;
}

/** Does not follow links or trust other users' files. */
function momentOf(path: string, trust: FolderTrust): PastMoment | null {
  const status = statusOf(path);
  if (status === null || !status.isFile() || (status.mode & OTHERS_WRITE) !== 0n) return null;
  const folder = dirname(path);
  const ofDaemon = OF_DAEMONS.has(path) && statusOf(folder)?.uid === status.uid;
  if (!(ofDaemon || isOurs(status.uid)) || !trust.holds(folder, ofDaemon)) return null;
  try {
    return { ns: writtenNs(path) ?? status.mtimeNs, path };
  } catch {
    return null;
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Regular files in a folder, level by level, so that a limit keeps the nearest ones; links are not followed. */
function* filesBelow(folder: string, depth: number): Generator<string> {
  const below: string[] = [];
  for (const entry of entriesOf(folder)) {
    if (entry.isFile()) yield join(folder, entry.name);
    else if (entry.isDirectory() && depth > 1) below.push(join(folder, entry.name));
  }
  for (const subfolder of below) yield* filesBelow(subfolder, depth - 1);
}

function* logFiles({ folders, depth, limit }: ScanOptions): Generator<string> {
  let left = limit;
  for (const folder of folders) {
    for (const path of filesBelow(folder, depth)) {
      if (left <= 0) return;
      left -= 1;
      yield path;
    }
  }
}

function newestOf(moments: readonly PastMoment[]): PastMoment | null {
  let newest: PastMoment | null = null;
  for (const moment of moments) if (newest === null || moment.ns > newest.ns) newest = moment;
  return newest;
}

/**
 * The newest moment proved by files; null if there is none. Only files of root, of the user running this, and of
 * the daemon that a file belongs to count, in folders that nobody else can write to. A log carries whatever time
 * the clock showed: it counts only if another moment, from another log or from `others`, is within a day of it.
 *
 * @param others moments from elsewhere, which count by themselves.
 */
export function newestTrustedMoment(options: ScanOptions, others: readonly PastMoment[]): PastMoment | null {
  const trust = new FolderTrust();
  const within = (path: string): PastMoment | [] => {
    const moment = momentOf(path, trust);
    return moment !== null && moment.ns < options.endNs ? moment : [];
  };
  const sure = [...options.files.flatMap(within), ...others.filter(({ ns }) => ns < options.endNs)];
  const logs = [...logFiles(options)].flatMap(within);
  const all = [...sure, ...logs].toSorted((left, right) => (left.ns < right.ns ? -1 : 1));
  const isNear = (index: number, ns: bigint): boolean => {
    const other = all[index];
    return other !== undefined && other.ns >= ns - DAY_NS && other.ns <= ns + DAY_NS;
  };
  const isLog = new Set(logs);
  return newestOf(
    all.filter((moment, index) => {
      return !isLog.has(moment) || isNear(index - 1, moment.ns) || isNear(index + 1, moment.ns);
    }),
  );
}
