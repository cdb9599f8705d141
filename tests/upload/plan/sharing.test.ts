import { expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../../src/lib/seeded-random.ts";
import type { PlanEvent } from "../../../src/upload/plan/events.ts";
import type { ShareOutcome } from "../../../src/upload/plan/sharing/share-requests.ts";
import type { Stop } from "../../../src/upload/plan/stop.ts";
import { UploadPlan } from "../../../src/upload/plan/upload-plan.ts";
import { drawnHealth } from "../../support/upload/plan-world/model-answers.ts";
import { modelPlanOptions } from "../../support/upload/plan-world/plan-options.ts";
import { SharedWorld, type SharedWorldOptions } from "../../support/upload/plan-world/shared-world.ts";
import { checksumOf } from "../../support/upload/upload-store.ts";
import { fileOf } from "../../support/upload/work.ts";

const worlds = fc.record({
  machines: fc.integer({ min: 2, max: 3 }),
  contents: fc.integer({ min: 1, max: 60 }),
  workers: fc.integer({ min: 1, max: 3 }),
  waitMs: fc.constantFrom(60_000, Infinity),
});

function play(options: SharedWorldOptions, seed: number, steps: number): void {
  const random = seededRandom(seed);
  const world = new SharedWorld(options);
  for (let step = 0; step < steps; step += 1) world.step((count) => Math.floor(random() * count));
  world.settle();
}

const RUNS = Number(Bun.env["RUNS"] ?? 300);

test("whatever befalls machines and their shared store, nothing is stored twice or lost, and every run ends", () => {
  fc.assert(
    fc.property(worlds, fc.nat(), fc.integer({ min: 100, max: 3_000 }), (options, seed, steps) => {
      play(options, seed, steps);
    }),
    { numRuns: RUNS },
  );
});

test("machines that have never used the shared store come at any moment, right after it was emptied too", () => {
  const withNewcomers = fc.record({
    machines: fc.integer({ min: 1, max: 2 }),
    newcomers: fc.integer({ min: 1, max: 2 }),
    contents: fc.integer({ min: 10, max: 60 }),
    workers: fc.integer({ min: 1, max: 3 }),
    waitMs: fc.constant(Infinity),
  });
  fc.assert(
    fc.property(withNewcomers, fc.nat(), fc.integer({ min: 100, max: 1_500 }), (options, seed, steps) => {
      play(options, seed, steps);
    }),
    { numRuns: RUNS },
  );
});

test("a machine that slept through a takeover and a flush does not take back what it was sending", () => {
  // Another machine had taken over and sent the content, and was cut off before it could publish that in the new epoch.
  play({ machines: 2, newcomers: 1, contents: 57, workers: 1, waitMs: Infinity }, 1_591_485_795, 410);
});

test("leases are renewed while contents are marked, and none is taken back from a machine whose upload may still arrive", () => {
  // Found among 200,000 plays: the doubt dated from the mark, 9 s before the last byte went out; a lease that was taken
  // back in a new epoch hid the doubt of another machine.
  play({ machines: 2, newcomers: 1, contents: 48, workers: 1, waitMs: Infinity }, 23_669 * 7 + 1, 1_343);
  play({ machines: 2, newcomers: 2, contents: 8, workers: 1, waitMs: Infinity }, 5_019_577 * 7 + 1, 1_031);
});

test("a shared store that lets machines join and refuses all else is given up when the wait is over, and said once", () => {
  const options = {
    runId: 1,
    workers: 1,
    batchItems: 1,
    retries: 2,
    ambiguousWaitMs: 60_000,
    failuresToOpen: 3,
  };
  const sharing = { address: "redis://office", renewMs: 3_000, waitMs: 60_000, mustPublish: false };
  const plan = new UploadPlan(modelPlanOptions({ ...options, refusesDuplicates: false, sharing }));
  const notices: string[] = [];
  let stop: Stop | null = null;
  let nowMs = 0;
  const file = fileOf("a.pdf");
  const events: PlanEvent[] = [
    { type: "offered", checksum: checksumOf("a"), file, standing: null, sentAgoMs: null },
    { type: "exhausted" },
  ];
  while (stop === null && nowMs < 120_000) {
    const event = events.shift() ?? { type: "tick" };
    if (event.type === "tick") nowMs += 50;
    for (const action of plan.on(event, nowMs)) {
      if (action.type === "notice") notices.push(action.notice.type);
      if (action.type === "stop") ({ stop } = action);
      if (action.type === "connect")
        events.push({ type: "connected", outcome: drawnHealth(() => 0, { bulkCheck: false }) });
      if (action.type !== "share") continue;
      const { request } = action;
      const outcome: ShareOutcome =
        request.type === "join"
          ? { type: "joined", settleMs: 0, isKnown: true, lost: [] }
          : { type: "silent", reason: "out of memory" };
      events.push({ type: "shared", request, outcome });
    }
  }
  expect(notices).toEqual(["share-away"]);
  expect(stop).toMatchObject({ type: "unreachable", what: "shared-store" });
  expect(nowMs).toBeGreaterThanOrEqual(60_000);
});
