import { expect, test } from "bun:test";
import fc from "fast-check";
import type { RemoteBoard } from "../../../src/board/fleet.ts";
import { type Followed, followStep, type Heard } from "../../../src/serve/fleet/follow-board.ts";

const TOLD: RemoteBoard = {
  name: "attic",
  version: "1.0.0",
  problem_count: 0,
  problems: [],
  clock: null,
  sync: { done: 0, waiting: 0, failed: 0, at_work: false },
  nodes: [],
};
const NEW: Followed = {
  standing: { url: "https://attic.lan", toldMs: null, told: null, lostMs: null, reason: null },
  misses: 0,
};

const heard = fc.oneof(
  fc.constant<Heard>({ type: "told", told: TOLD }),
  fc.constantFrom("connection refused", "silent for 5 s").map((reason): Heard => ({ type: "lost", reason })),
);

test("what a board told stays while it is away, since when is told once, and it is asked again within a minute", () => {
  fc.assert(
    fc.property(fc.array(heard, { minLength: 1, maxLength: 20 }), (answers) => {
      let followed = NEW;
      let nowMs = 0;
      let toldMs: number | null = null;
      let lostMs: number | null = null;
      for (const answer of answers) {
        const before = followed.standing;
        const step = followStep(followed, answer, nowMs);
        followed = step.followed;
        if (answer.type === "told") [toldMs, lostMs] = [nowMs, null];
        else lostMs ??= nowMs;
        const { standing } = followed;
        expect(standing).toMatchObject({ toldMs, lostMs, told: toldMs === null ? null : TOLD });
        expect(standing.reason).toBe(answer.type === "lost" ? answer.reason : null);
        // Every turn is told, so that the store has it.
        expect(step.isTurn).toBe(
          (before.lostMs === null) !== (standing.lostMs === null) ||
            before.reason !== standing.reason ||
            (before.told === null && standing.told !== null),
        );
        expect(step.pauseMs).toBeWithin(15_000, 60_001);
        nowMs += step.pauseMs;
      }
    }),
  );
});
