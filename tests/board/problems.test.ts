import { expect, test } from "bun:test";
import { problemsOf } from "../../src/board/problems.ts";
import type { PastMeasurement } from "../../src/time/overview.ts";
import type { RunOverview } from "../../src/upload/ledger/overview.ts";
import { wellNode } from "../support/nodes/node-overview.ts";

type Parts = Parameters<typeof problemsOf>[0];

const MEASURED: PastMeasurement = {
  at: "2026-11-26T00:00:00.000Z",
  source: "ntp",
  authenticated: false,
  server: "ntp.example",
  offset_s: 0.001,
  error_bound_s: 0.002,
  drift_ppm: null,
  action: "none",
};
const RUN: RunOverview = {
  destination: "https://tanova.ai",
  folder: "/srv/cvs",
  pid: 1,
  at_work: false,
  started: "2026-11-26T00:00:00.000Z",
  ended: "2026-11-26T00:01:00.000Z",
  result: null,
};
const NODE = wellNode("pi-1");
const WELL: Parts = {
  time: { last: MEASURED, age_s: 60, history: [], servers: [] },
  sync: { destinations: [], failures: [], runs: [RUN], watches: [], shares: [], last_success: null },
  nodes: [NODE],
  store: { free_bytes: 50, total_bytes: 100, damaged: null },
  fleet: [],
};

const CLOSED = { state: "closed", since: null, open_s: null, reason: null, until: null } as const;
const OPEN = {
  state: "open",
  since: "2026-11-26T00:00:00.000Z",
  open_s: 300,
  reason: "connection refused",
  until: null,
} as const;
const destination = {
  url: "https://tanova.ai",
  pending: 0,
  sending: 0,
  done: 9,
  failed: 0,
  breaker: CLOSED as Parts["sync"]["destinations"][number]["breaker"],
};
const unreached = {
  ...RUN,
  result: { failed: 4, error: { kind: "unreachable", reason: "connection refused" } },
};
const elsewhere = { ...RUN, destination: "https://tanova.example" };
const waiting = { ...destination, pending: 2, breaker: OPEN };
const WATCH = {
  destination: "https://tanova.ai",
  folder: "/srv/cvs",
  pid: 1,
  at_work: true,
  mode: "events",
  reason: null,
  since: "2026-11-26T00:00:00.000Z",
};
/** Uploads to one destination, with these runs, newest first. */
const uploads = (runs: Parts["sync"]["runs"], of: Partial<Parts["sync"]> = {}): Partial<Parts> => ({
  sync: { ...WELL.sync, destinations: [destination], runs, ...of },
});
const clock = (last: PastMeasurement | null, ageS: number | null): Parts["time"] => ({
  ...WELL.time,
  last,
  age_s: ageS,
});

const AWAY = {
  url: "https://attic.lan:8443",
  name: null,
  unreachable_since: "2026-11-26T00:00:00.000Z",
  unreachable_s: 300,
  reason: "connection refused",
} as const;

const CASES: Readonly<Record<string, readonly [parts: Partial<Parts>, keys: readonly string[]]>> = {
  "all is well": [{}, []],
  "a new board": [{ time: clock(null, null), nodes: [], sync: { ...WELL.sync, runs: [] } }, []],
  "a clock that is surely off": [{ time: clock({ ...MEASURED, offset_s: -1.5 }, 60) }, ["clock-off"]],
  "a clock that may be off": [{ time: clock({ ...MEASURED, offset_s: 1.5, error_bound_s: 1 }, 60) }, []],
  "a clock that was set": [{ time: clock({ ...MEASURED, offset_s: 5, action: "step" }, 60) }, []],
  "a clock not looked at for long": [{ time: clock(MEASURED, 4 * 86_400) }, ["clock-unknown"]],
  "refused uploads": [
    { sync: { ...WELL.sync, destinations: [{ ...destination, failed: 2 }] } },
    ["failed:https://tanova.ai"],
  ],
  "a run that was cut off": [uploads([{ ...RUN, ended: null }]), ["cut-off:https://tanova.ai"]],
  "a run at work": [uploads([{ ...RUN, ended: null, at_work: true }]), []],
  "a run that was cut off and made good since": [uploads([RUN, { ...RUN, ended: null }]), []],
  "a run that did not reach its server": [uploads([unreached, RUN]), ["stopped:https://tanova.ai"]],
  "a run that did not, made good since": [uploads([RUN, unreached]), []],
  "a server that was named by mistake": [
    uploads([{ ...elsewhere, started: "2026-11-26T00:02:00.000Z" }, unreached], {
      destinations: [
        { ...destination, done: 0 },
        { ...destination, url: elsewhere.destination },
      ],
    }),
    [],
  ],
  "files that cannot be read": [uploads([{ ...RUN, result: { failed: 2 } }]), ["unsent:https://tanova.ai"]],
  "files that were refused for good, again": [
    uploads([{ ...RUN, result: { failed: 2 } }], { destinations: [{ ...destination, failed: 2 }] }),
    ["failed:https://tanova.ai"],
  ],
  "a watch that waits for its server": [
    uploads([unreached], { destinations: [waiting], watches: [WATCH] }),
    ["outage:https://tanova.ai"],
  ],
  "a watch whose server has just gone": [
    uploads([unreached], {
      destinations: [{ ...waiting, breaker: { ...OPEN, open_s: 60 } }],
      watches: [WATCH],
    }),
    [],
  ],
  "a silent node": [{ nodes: [{ ...NODE, age_s: 4 * 3_600 }] }, ["silent:pi-1"]],
  "a node that fails": [{ nodes: [{ ...NODE, failed_percent: 11 }] }, ["failing:pi-1"]],
  "a node that failed one of two": [{ nodes: [{ ...NODE, failed_percent: 50, total_operations: 2 }] }, []],
  "a board that starts anew": [{ fleet: [{ ...AWAY, unreachable_s: 60 }] }, []],
  "a board that is away": [{ fleet: [AWAY] }, ["away:https://attic.lan:8443"]],
  "a full disk": [{ store: { free_bytes: 4, total_bytes: 100, damaged: null } }, ["disk-full"]],
};

for (const [what, [parts, keys]] of Object.entries(CASES)) {
  test(`${what}: ${keys.length === 0 ? "no problem" : keys.join(", ")}`, () => {
    const problems = problemsOf({ ...WELL, ...parts });
    expect(problems.map(({ key }) => key)).toEqual([...keys]);
    for (const { text } of problems) {
      expect(text).not.toMatch(/undefined|null|NaN/);
      expect(text).toMatch(/^[A-Z0-9].*[^.]$/);
    }
  });
}
