/** The jobs that cases belong to, in the order in which they are run and shown. */
export const JOBS = ["time", "ingest", "compare", "sync"] as const;
export type Job = (typeof JOBS)[number];

/** The unit of a sample. For rates more is better, for everything else less. */
export const UNITS = ["ns", "µs", "ms", "s", "MiB", "op/s", "lines/s"] as const;
export type Unit = (typeof UNITS)[number];

export function isRate(unit: Unit): boolean {
  return unit.endsWith("/s");
}

/** What an experiment has to work with. */
export interface Lab {
  /** The experiment's own folder, removed afterwards. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Less data and fewer rounds. */
  readonly quick: boolean;
  /** The command line that starts this program again, for work that must not share our thread. */
  readonly self: readonly string[];
  /** Returns a file that several experiments read, by name; created on first use. */
  shared(name: string, make: (path: string) => Promise<void>): Promise<string>;
  /** Registers a cleanup; the last one registered runs first. */
  defer(end: () => void | Promise<void>): void;
}

/** A capability of the machine, shown in the last line of a report: uploads, reading logs, comparing nodes. */
export type Capability = "cvs" | "log" | "comparison";

/** One way to do something. */
export interface Way {
  readonly name: string;
  /** An earlier implementation: measured for comparison only. */
  readonly earlier?: true;
  readonly capability?: Capability;
  /** Bytes read by one operation, if it reads any. */
  readonly bytesPerOperation?: number;
  /** How many operations one call performs: samples are per operation. */
  readonly operations?: number;
  run(): unknown;
  /** Undoes what the previous call left behind; not timed. */
  beforeEach?(): void | Promise<void>;
}

/** A claim: how much better `after` is than `before`; both are names of ways. */
export interface Claim {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Ways timed in turns, so that other load on the machine affects them all alike. */
export interface Timing {
  readonly type: "timing";
  readonly unit: Unit;
  readonly asynchronous: boolean;
  /** Samples per way and round. */
  readonly iterations: number;
  /** The least duration of a way's round: for calls that take microseconds. */
  readonly roundMs?: number;
  /** Start with a round that does not count, to warm up the compiler: for code that runs for long in real use. */
  readonly warmUp?: boolean;
  readonly ways: readonly Way[];
  readonly claims: readonly Claim[];
}

/** A quantity that is observed rather than timed; no claim is made about it. */
interface Observation {
  readonly type: "observation";
  readonly unit: Unit;
  /** Way → values in the order in which they were observed. */
  observe(): Promise<ReadonlyMap<string, readonly number[]>>;
}

export interface Experiment {
  readonly job: Job;
  /** Unique within its job; a case is named `NAME: WAY`. */
  readonly name: string;
  /** Generates the data, starts the peers and checks that the ways agree on the result. */
  prepare(lab: Lab): Promise<Timing | Observation>;
}
