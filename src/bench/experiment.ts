/** The jobs that cases belong to, in the order they are run and shown. */
export const JOBS = ["time", "ingest", "compare", "sync"] as const;
export type Job = (typeof JOBS)[number];

/** What a sample is given in. Of rates more is better, of everything else less. */
export const UNITS = ["ns", "µs", "ms", "s", "MiB", "op/s", "lines/s"] as const;
export type Unit = (typeof UNITS)[number];

export function isRate(unit: Unit): boolean {
  return unit.endsWith("/s");
}

/** What an experiment is given to work with. */
export interface Lab {
  /** A folder of its own, removed afterwards. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Less data and fewer rounds. */
  readonly quick: boolean;
  /** The command line that starts this program anew, for work that must not share our thread. */
  readonly self: readonly string[];
  /** A file that several experiments read: made when it is first asked for, by the name of what it holds. */
  shared(name: string, make: (path: string) => Promise<void>): Promise<string>;
  /** Registers the end of something that was started; the last one registered ends first. */
  defer(end: () => void | Promise<void>): void;
}

/** What a way of ours tells about the machine, in the last line of a report: uploads, reading logs, comparing nodes. */
export type Capability = "cvs" | "log" | "comparison";

/** One way to do a thing. */
export interface Way {
  readonly name: string;
  /** How it was done before: measured to be compared with, and nothing to fail by. */
  readonly earlier?: true;
  readonly tells?: Capability;
  /** Bytes that one operation reads, where that is what it does. */
  readonly bytesPerOperation?: number;
  /** How many operations one call does: samples are per operation. */
  readonly operations?: number;
  run(): unknown;
  /** Undoes what the call before left behind; not timed. */
  beforeEach?(): void | Promise<void>;
}

/** A claim: how much better `after` is than `before`, both names of ways. */
export interface Claim {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Ways that are timed in turns, so that whatever else the machine does meets all of them alike. */
export interface Timing {
  readonly type: "timing";
  readonly unit: Unit;
  readonly asynchronous: boolean;
  /** Samples of each way in one round. */
  readonly iterations: number;
  /** A round of one way lasts at least this long: for calls of microseconds. */
  readonly roundMs?: number;
  /** A round that is not counted goes first, so that the compiler is warm: for what runs long in real use. */
  readonly warmUp?: boolean;
  readonly ways: readonly Way[];
  readonly claims: readonly Claim[];
}

/** A quantity that is watched rather than timed, and claims nothing: what it is is all that is said of it. */
interface Observation {
  readonly type: "observation";
  readonly unit: Unit;
  /** Way → values in the order they were seen. */
  observe(): Promise<ReadonlyMap<string, readonly number[]>>;
}

export interface Experiment {
  readonly job: Job;
  /** Unique in its job; a case is named `NAME: WAY`. */
  readonly name: string;
  /** Makes the data and starts the peers, and sees to it that the ways agree on the result. */
  prepare(lab: Lab): Promise<Timing | Observation>;
}
