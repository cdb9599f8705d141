import { expect, test } from "bun:test";
import { Checks } from "../../../src/upload/plan/checks.ts";
import { Transitions } from "../../../src/upload/plan/transitions.ts";
import { workOf } from "../../support/upload/work.ts";

const POLICY = {
  retries: 3,
  backoff: { baseMs: 10, maxMs: 100 },
  ambiguousWaitMs: 1_000,
  outageWaitMs: 10_000,
  random: () => 0.5,
};
const SILENCE = { type: "unanswered", status: null, reason: "silent", retryAfterMs: null } as const;

test("a question without an answer for what is no longer in line is asked anew once it is back there", () => {
  const go = new Transitions(null);
  const checks = new Checks(go, POLICY, false);
  const work = workOf("a");
  go.works.add(work);
  checks.begin(false);
  checks.advance(0, 1);
  const asked = { type: "check", checksums: [work.checksum], inBulk: false } as const;
  expect(go.take()).toEqual([{ ...asked, check: 1 }]);
  // Meanwhile it went unasked, and now it is to be sent again.
  go.works.move(work, { type: "sending" });
  checks.answered(1, new Map([[work.checksum, SILENCE]]), 0);
  go.works.move(work, { type: "queued" });
  checks.advance(0, 1);
  expect(go.take()).toEqual([{ ...asked, check: 2 }]);
});
