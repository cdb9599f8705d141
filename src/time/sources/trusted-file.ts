import { type BigIntStats, type Dirent, lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A moment that has certainly passed, and what says so. */
export interface PastMoment {
  readonly ns: bigint;
  readonly path: string;
}

export interface ScanOptions {
  /** Files whose time alone counts; fake-hwclock's are read for the time written in them. */
  readonly files: readonly string[];
  /** Folders whose files' times count (logs), each with a second witness. */
  readonly folders: readonly string[];
  /** 1: a folder's own files; 2: those of its subfolders too. */
  readonly depth: number;
  /** No more files than this are looked at. */
  readonly limit: number;
  /** Moments beyond this bear witness to a broken clock only. */
  readonly endNs: bigint;
}

const DAY_NS = 86_400_000_000_000n;
const STICKY = 0o1000n;
const OTHERS_WRITE = 0o022n;
/** Files that a daemon keeps as its own user, in a folder of its own that root made for it. */
const OF_DAEMONS: ReadonlySet<string> = new Set(["/var/lib/systemd/timesync/clock"]);

function statusOf(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/** Root, and whoever runs this: it could be told any time by its own settings. */
function isOurs(uid: bigint): boolean {
  return uid === 0n || uid === BigInt(process.getuid?.() ?? 0);
}

/** Tells which folders nobody else may change, from the root on down. */
class FolderTrust {
  readonly #known = new Map<string, boolean>();

  /** Whether nobody but root, this user and, where named, the folder's own daemon can put a file there. */
  holds(folder: string, ofDaemon = false): boolean {
    const status = statusOf(folder);
    if (status === null || !status.isDirectory() || (status.mode & OTHERS_WRITE) !== 0n) return false;
    return (ofDaemon || isOurs(status.uid)) && this.#isReached(dirname(folder));
  }

  /** Whether nobody else can put another folder in this one's place. */
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

/** `2026-11-20 22:17:01`, in UTC: what fake-hwclock writes at shutdown. */
function writtenNs(path: string): bigint | null {
  if (!path.endsWith("fake-hwclock.data")) return null;
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(readFileSync(path, "latin1"));
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n;
}

/** A link is not followed, and another user's file is not believed. */
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

/** Regular files of a folder level by level, so that a limit takes the nearest ones; links are not followed. */
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
 * The newest moment that files bear witness to; null where there are none. Only files of root, of whoever runs this,
 * and of daemons whose file it is, in folders that nobody else may write. A log is written with whatever the clock
 * said: it counts where another moment, of another log or one of `others`, is within a day of it.
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
