import { expect } from "bun:test";
import { patient, TIME_TO_ANSWER } from "../emulation.ts";
import { nodupe, type Run, type RunOptions } from "../run.ts";

/** The keys of `nodupe time --json` that tests need. */
export interface TimeJson {
  readonly source: string | null;
  readonly authenticated: boolean;
  readonly offset_s: number | null;
  readonly delay_s: number | null;
  readonly error_bound_s: number | null;
  readonly stratum: number | null;
  readonly leap: string;
  readonly server: string | null;
  readonly address: string | null;
  readonly iso: string | null;
  readonly fastdate64: string | null;
  readonly elapsed_s: number;
  readonly drift_ppm: number | null;
  readonly check: string | null;
  readonly clock: {
    readonly action: string;
    readonly applied_s: number | null;
    readonly refused: string | null;
    readonly rtc: string | null;
    readonly synchronised: boolean | null;
  };
  readonly servers: readonly {
    readonly host: string;
    readonly address: string | null;
    readonly port: number | null;
    readonly status: string;
    readonly offset_s: number | null;
    readonly delay_s: number | null;
    readonly jitter_s: number | null;
    readonly stratum: number | null;
    readonly reason: string | null;
  }[];
  readonly offset_mean_s?: number | null;
  readonly note: string | null;
  readonly passed_over: readonly string[];
}

export interface TimeRun extends Run {
  readonly json: TimeJson;
}

/** Runs `nodupe time --json …`, with a store in memory unless --db says otherwise. */
export async function nodupeTime(args: readonly string[], options: RunOptions = {}): Promise<TimeRun> {
  const db = args.includes("--db") ? [] : ["--db", ":memory:"];
  const env = { ...TIME_TO_ANSWER, ...options.env };
  const run = await nodupe(["time", "--json", ...db, ...args], { ...options, env });
  expect(run.stdout.trim().split("\n")).toHaveLength(1);
  return { ...run, json: JSON.parse(run.stdout) as TimeJson };
}

/** Checks that an offset is close to the true one and within the claimed bound. */
export function expectOffset({ offset_s, error_bound_s }: TimeJson, trueS: number): void {
  const error = Math.abs((offset_s ?? Number.NaN) - trueS);
  expect(error).toBeLessThan(patient(0.05));
  expect(error).toBeLessThanOrEqual(error_bound_s ?? 0);
}

/** `host status` of each address, in the order asked. */
export function statuses({ servers }: TimeJson): string[] {
  return servers.map(({ status }) => status);
}
