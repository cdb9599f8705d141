import { expect, test } from "bun:test";
import { standOf } from "../../../src/upload/plan/stand.ts";
import { newWork, type WorkState } from "../../../src/upload/plan/work.ts";
import { Works } from "../../../src/upload/plan/works.ts";
import { fileOf } from "../../support/upload/work.ts";

const ORIGIN_MS = 1_000_000;
const THERE = { server: null, share: null };

function worksIn(...states: readonly WorkState[]): Works {
  const works = new Works();
  for (const [at, state] of states.entries())
    works.add(newWork(`checksum ${at}`, fileOf(`${at}.pdf`), state));
  return works;
}

const sending: WorkState = { type: "sending" };
const backoff = (untilMs: number): WorkState => ({ type: "backoff", untilMs });
const inDoubt = (untilMs: number): WorkState => ({
  type: "in-doubt",
  span: { untilMs, giveUpMs: untilMs },
  why: "lost",
  looks: 1,
  unanswered: 0,
  lookAtMs: null,
});

test("what is waited for: the server, else what is due next where nothing is at work; times are Unix'", () => {
  const cases = [
    standOf(worksIn(), { server: 500, share: null }, ORIGIN_MS),
    standOf(worksIn({ type: "queued" }), { server: 500, share: null }, ORIGIN_MS),
    standOf(worksIn(sending, sending, backoff(70)), THERE, ORIGIN_MS),
    standOf(worksIn(backoff(90), backoff(70), inDoubt(20)), THERE, ORIGIN_MS),
    standOf(worksIn(inDoubt(30), inDoubt(20)), THERE, ORIGIN_MS),
  ];
  expect(cases).toEqual([
    { inFlight: 0, waiting: null },
    { inFlight: 0, waiting: { for: "the server", untilMs: 1_000_500 } },
    { inFlight: 2, waiting: null },
    { inFlight: 0, waiting: { for: "the next try", untilMs: 1_000_070 } },
    { inFlight: 0, waiting: { for: "uploads whose answers were lost", untilMs: 1_000_020 } },
  ]);
});
