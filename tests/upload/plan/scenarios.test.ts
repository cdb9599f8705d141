import { expect, test } from "bun:test";
import type { PlanAction } from "../../../src/upload/plan/actions.ts";
import type { PlanEvent } from "../../../src/upload/plan/events.ts";
import { RENEW_MS } from "../../../src/upload/plan/in-doubt.ts";
import { type PlanOptions, UploadPlan } from "../../../src/upload/plan/upload-plan.ts";
import type { HealthOutcome, UploadOutcome } from "../../../src/upload/tanova/types.ts";
import { checksumOf } from "../../support/upload/upload-store.ts";
import { fileOf } from "../../support/upload/work.ts";

const OPTIONS: PlanOptions = {
  runId: 7,
  retryFailed: false,
  inFlight: { type: "fixed", workers: 2 },
  retry: {
    retries: 2,
    backoff: { baseMs: 1_000, maxMs: 8_000 },
    ambiguousWaitMs: 60_000,
    outageWaitMs: 10_000,
    random: () => 0.5,
  },
  batchItems: 1,
  batchBytes: 1e6,
  failuresToOpen: 3,
  graceMs: 3_500,
  refusesDuplicates: true,
  sharing: null,
};

const WELL: HealthOutcome = {
  type: "healthy",
  health: {
    authenticated: true,
    agency: null,
    canUpload: true,
    batch: { path: "/b", maxItems: 10, maxBytes: 1e6 },
    bulkCheck: null,
  },
};
const STORED: UploadOutcome = { type: "stored", candidateId: null };
const CUT: UploadOutcome = { type: "transient", status: null, reason: "cut", retryAfterMs: null };
const LOST: UploadOutcome = {
  type: "ambiguous",
  status: null,
  reason: "no answer",
  retryAfterMs: null,
  isUnrecognised: false,
};

/** An action in a few words; contents by the names of their files. */
function told(action: PlanAction): string {
  switch (action.type) {
    case "reserve":
    case "send":
      return `${action.type} ${action.unit}: ${action.works.map(({ file }) => file.name).join("+")}`;
    case "share":
      return `share ${action.request.type}`;
    case "check":
      return `check ${action.check}`;
    case "settle":
      return `${action.as.type} ${action.work.file.name}`;
    case "unsent":
      return `unsent ${action.file.name}`;
    case "decline":
      return `decline ${action.file.name}`;
    case "fail":
    case "recheck":
      return `${action.type} ${action.file.name}`;
    case "renew":
      return `renew ${action.checksums.length}`;
    case "wake":
      return `wake ${action.atMs}`;
    case "doubt":
      return "doubt";
    case "remember":
      return `remember ${action.fact.type}`;
    case "notice":
      return `notice: ${action.notice.type}`;
    case "stop":
      return `stop: ${action.stop.type}`;
    case "connect":
    case "cut":
    case "find-strays":
    case "hurry":
    case "retried":
    case "settle-stray":
      return action.type;
  }
}

interface Stage {
  readonly plan: UploadPlan;
  /** What a plan wants after an event at a time, in a few words; when to wake it is left out unless it is asked for. */
  readonly at: (ms: number, event: PlanEvent, isWakeTold?: boolean) => string[];
  readonly offer: (ms: number, ...names: readonly string[]) => string[];
}

function stage(changes: Partial<PlanOptions> = {}): Stage {
  const plan = new UploadPlan({ ...OPTIONS, ...changes });
  const at: Stage["at"] = (ms, event, isWakeTold = false) =>
    plan
      .on(event, ms)
      .map(told)
      .filter((action) => isWakeTold || !action.startsWith("wake"));
  return {
    plan,
    at,
    offer: (ms, ...names) =>
      names.flatMap((name) => {
        const content = { checksum: checksumOf(name), file: fileOf(name), standing: null, sentAgoMs: null };
        return at(ms, { type: "offered", ...content });
      }),
  };
}

/** A plan of two workers with contents in line, whose server is there. */
function connected(names: readonly string[], changes: Partial<PlanOptions> = {}): Stage {
  const made = stage(changes);
  made.offer(0, ...names);
  made.at(0, { type: "connected", outcome: WELL });
  return made;
}

function answer(unit: number, outcome: UploadOutcome): PlanEvent {
  return { type: "answered", unit, answer: { type: "single", outcome } };
}

test("a quarter more than may be sent is reserved ahead, in turn, and nothing is sent before its row is written", () => {
  const { offer, at } = stage();
  expect(offer(0, "a", "b", "c", "d")).toEqual(["connect"]);
  expect(at(5, { type: "connected", outcome: WELL })).toEqual([
    "reserve 1: a",
    "reserve 2: b",
    "reserve 3: c",
    "hurry",
  ]);
  expect(at(6, { type: "reserved", units: [2] })).toEqual(["send 2: b", "hurry"]);
  expect(at(7, { type: "reserved", units: [1] })).toEqual(["send 1: a"]);
  expect(at(8, { type: "reserved", units: [3] })).toEqual([]);
  expect(at(9, answer(2, STORED))).toEqual(["uploaded b", "reserve 4: d", "send 3: c"]);
});

test("many files of one content are one upload; where its file goes another steps in, and only one does", () => {
  const { plan, offer, at } = stage();
  offer(0, "a");
  const again = (name: string): string[] =>
    at(0, {
      type: "offered",
      checksum: checksumOf("a"),
      file: fileOf(name),
      standing: null,
      sentAgoMs: null,
    });
  expect([again("b"), again("c")]).toEqual([[], ["decline c"]]);
  at(0, { type: "connected", outcome: WELL });
  at(0, { type: "reserved", units: [1] });
  const gone: UploadOutcome = { type: "permanent", status: null, reason: "it is no longer there" };
  expect(at(1, answer(1, gone))).toEqual(["fail a", "unsent a", "reserve 2: b", "hurry"]);
  at(1, { type: "reserved", units: [2] });
  expect(at(2, answer(2, gone))).toEqual(["retried", "fail b", "unsent b", "gone b"]);
  expect(plan.isIdle).toBe(true);
});

test("a lost answer is looked for at once, then ever more seldom, and only after the wait is it sent again", () => {
  const { at } = connected(["a"]);
  at(0, { type: "reserved", units: [1] });
  expect(at(1_000, answer(1, LOST))).toEqual(["doubt", "check 1"]);
  const absent = (check: number): PlanEvent => ({
    type: "checked",
    check,
    answer: new Map([[checksumOf("a"), "absent"]]),
  });
  expect(at(1_010, absent(1), true)).toEqual(["wake 1260"]);
  expect(at(1_260, { type: "tick" }, true)).toEqual(["check 2"]);
  expect(at(1_300, absent(2), true)).toEqual(["wake 1800"]);
  expect(at(61_000, { type: "tick" })).toEqual(["check 3"]);
  // Certainly not stored; its first retry waits for half of a second.
  expect(at(61_000, absent(3), true)).toEqual(["unsent a", "wake 61500"]);
  expect(at(61_500, { type: "tick" })).toEqual(["reserve 2: a", "hurry"]);
});

test("rows of what is reserved or in flight are renewed until they are settled", () => {
  const { at } = connected(["a", "b", "c"]);
  for (const unit of [1, 2, 3]) at(10, { type: "reserved", units: [unit] });
  expect(at(10 + RENEW_MS, { type: "tick" }, true)).toEqual(["renew 3", `wake ${10 + 2 * RENEW_MS}`]);
  at(11 + RENEW_MS, answer(1, STORED));
  expect(at(10 + 2 * RENEW_MS, { type: "tick" })).toEqual(["renew 2"]);
  at(20_000, answer(2, STORED));
  expect(at(20_001, answer(3, STORED), true)).toEqual(["uploaded c", "wake Infinity"]);
});

test("a batch that is not full waits for company for a moment, where something is in flight already", () => {
  const { offer, at } = stage({ batchItems: 3 });
  offer(0, "a", "b", "c", "d");
  expect(at(0, { type: "connected", outcome: WELL }, true)).toEqual(["reserve 1: a+b+c", "hurry", "wake 25"]);
  expect(at(25, { type: "tick" })).toEqual(["reserve 2: d", "hurry"]);
  offer(30, "e");
  expect(at(40, { type: "exhausted" })).toEqual(["reserve 3: e", "hurry"]);
});

test("while the server is away nothing is sent, nothing spins, and it is asked for by one until it is back", () => {
  const { at, offer } = connected(["a", "b", "c"], {
    batchItems: 3,
    inFlight: { type: "fixed", workers: 1 },
  });
  at(0, { type: "reserved", units: [1] });
  const cut = { type: "batch", outcome: CUT } as const;
  expect(at(10, { type: "answered", unit: 1, answer: cut }, true)).toEqual([
    "unsent a",
    "unsent b",
    "notice: away",
    "unsent c",
    "wake 510",
  ]);
  expect(offer(20, "d")).toEqual([]);
  expect(at(510, { type: "tick" }, true)).toEqual(["wake 760"]);
  expect(at(760, { type: "tick" }, true)).toEqual(["connect", "wake 10010"]);
  expect(at(800, { type: "connected", outcome: WELL })).toEqual([
    "notice: back",
    "reserve 2: d+a+b",
    "hurry",
  ]);
});

test("a server that stays away ends the run: what waits has failed", () => {
  const { plan, at } = connected(["a", "b", "c"], { failuresToOpen: 1 });
  for (const unit of [1, 2, 3]) at(0, { type: "reserved", units: [unit] });
  at(100, answer(1, LOST));
  expect(at(10_100, { type: "tick" })).toEqual([
    "renew 2",
    "unsent c",
    "open c",
    "open a",
    "stop: unreachable",
  ]);
  expect(plan.isIdle).toBe(false);
  expect(at(10_200, answer(2, STORED))).toEqual(["uploaded b"]);
  expect([plan.isIdle, plan.isOver]).toEqual([true, true]);
});

test("asked to end, what is reserved is taken back, what is in flight has its grace and is then cut", () => {
  const { plan, at, offer } = connected(["a", "b", "c", "d"]);
  for (const unit of [1, 2]) at(0, { type: "reserved", units: [unit] });
  expect(at(1_000, { type: "stopped", stop: { type: "interrupted" } }, true)).toEqual([
    "left d",
    "stop: interrupted",
    "wake 4500",
  ]);
  expect(offer(1_001, "e")).toEqual(["left e"]);
  expect(at(1_002, { type: "reserved", units: [3] })).toEqual(["unsent c", "left c"]);
  expect(at(1_100, answer(1, STORED))).toEqual(["uploaded a"]);
  expect(at(4_500, { type: "tick" })).toEqual(["cut"]);
  // It was on its way: the next run looks for it.
  expect(at(4_501, answer(2, LOST))).toEqual(["doubt", "left b"]);
  expect([plan.isOver, plan.works.size]).toEqual([true, 0]);
});

test("a store that cannot be written ends the run, and nothing of the unit is sent", () => {
  const { plan, at } = connected(["a", "b"]);
  const error = new Error("the disk is full");
  expect(at(1, { type: "reserved", units: [1], error })).toEqual(["stop: broken", "left a"]);
  expect(at(2, { type: "reserved", units: [2], error })).toEqual(["left b"]);
  expect(plan.stop).toEqual({ type: "broken", error });
  expect([plan.isOver, plan.works.size]).toEqual([true, 0]);
});

test("what earlier runs left behind is asked for at the end, once, and settled where the answer is clear", () => {
  const { plan, at } = connected(["a"]);
  at(0, { type: "reserved", units: [1] });
  at(1, { type: "exhausted" });
  at(2, answer(1, STORED));
  expect([at(3, { type: "finished" }), plan.isOver]).toEqual([["find-strays"], false]);
  const strays = ["old", "older", "new"].map((name) => ({ checksum: checksumOf(name), sentAgoMs: 90_000 }));
  const [old, older, fresh] = strays;
  if (old === undefined || older === undefined || fresh === undefined) throw new Error("three were made");
  const event = { type: "strays", strays: [old, older, { ...fresh, sentAgoMs: 10 }] } as const;
  expect(at(4, event)).toEqual(["check 1", "check 2", "check 3"]);
  const found = (check: number, checksum: string, as: "there" | "absent"): PlanAction[] =>
    plan.on({ type: "checked", check, answer: new Map([[checksum, as]]) }, 5);
  expect(found(1, old.checksum, "there")).toEqual([
    { type: "settle-stray", checksum: old.checksum, isThere: true },
  ]);
  expect(found(2, older.checksum, "absent")).toEqual([
    { type: "settle-stray", checksum: older.checksum, isThere: false },
  ]);
  expect([plan.isOver, found(3, fresh.checksum, "absent"), plan.isOver]).toEqual([false, [], true]);
});
