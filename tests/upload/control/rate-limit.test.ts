import { expect, test } from "bun:test";
import { type Pressure, RateLimit } from "../../../src/upload/control/rate-limit.ts";

interface Made {
  readonly limit: RateLimit;
  /** A refusal at a time: of a content, with a status, and when to come back where the server says so. */
  readonly refuse: (
    nowMs: number,
    content: string,
    options?: { status?: number; retryAfterMs?: number },
  ) => Pressure;
}

function make(random = 0.5): Made {
  const limit = new RateLimit({ outageWaitMs: 60_000, backoff: { maxMs: 4_000 }, random: () => random });
  return {
    limit,
    refuse: (nowMs, checksum, { status = 429, retryAfterMs } = {}) =>
      limit.refused({ status, reason: "slow down", retryAfterMs: retryAfterMs ?? null, checksum }, nowMs),
  };
}

test("one pause for all, with jitter, that grows while nothing is stored and begins anew when something is", () => {
  const { limit, refuse } = make();
  expect(refuse(1_000, "a")).toEqual({ type: "pause", untilMs: 1_125, isNews: true });
  // The rest of the burst changes nothing.
  expect(refuse(1_001, "b")).toEqual({ type: "pause", untilMs: 1_125, isNews: false });
  expect(refuse(1_200, "c")).toMatchObject({ untilMs: 1_450 });
  expect(refuse(1_500, "d")).toMatchObject({ untilMs: 2_000 });
  for (let nowMs = 10_000; nowMs < 30_000; nowMs += 5_000) refuse(nowMs, "e");
  expect(refuse(40_000, "f")).toMatchObject({ untilMs: 42_000 });
  limit.stored("g");
  expect(refuse(50_000, "h")).toMatchObject({ untilMs: 50_125 });
});

test("the server's own word wins, and the longest of a burst", () => {
  const { limit, refuse } = make();
  expect(refuse(0, "a", { retryAfterMs: 3_000 })).toMatchObject({ untilMs: 3_000 });
  expect(refuse(10, "b", { retryAfterMs: 9_000 })).toMatchObject({ untilMs: 9_010 });
  expect(refuse(20, "c")).toMatchObject({ untilMs: 9_010 });
  expect(limit.untilMs).toBe(9_010);
});

test("longer than anybody waits: given up at once, until when the server has said", () => {
  const { refuse } = make();
  expect(refuse(1_000, "a", { retryAfterMs: 60_000 })).toMatchObject({ type: "pause" });
  // Beyond what setTimeout can count.
  const longMs = 30 * 86_400_000;
  expect(refuse(1_001, "b", { retryAfterMs: longMs })).toEqual({ type: "given-up", untilMs: longMs + 1_001 });
});

test("nothing stored for too long: given up, without a time", () => {
  const { limit, refuse } = make(0);
  for (let nowMs = 0; nowMs < 60_000; nowMs += 500) expect(refuse(nowMs, "a").type).toBe("pause");
  expect(refuse(60_000, "a")).toEqual({ type: "given-up", untilMs: null });
  limit.stored("b");
  expect(refuse(60_001, "c").type).toBe("pause");
});

test("a content that alone gets 503 while others are stored pays for it by itself; 429 is never its own", () => {
  const { limit, refuse } = make();
  const busy = { status: 503 };
  expect(refuse(0, "a", busy).type).toBe("pause");
  expect(refuse(1_000, "a", busy).type).toBe("pause");
  limit.stored("b");
  expect(refuse(2_000, "a", busy)).toEqual({ type: "own" });
  // Others are refused too.
  limit.stored("b");
  expect(refuse(3_000, "c", busy).type).toBe("pause");
  expect(refuse(4_000, "a", busy).type).toBe("pause");
  limit.stored("b");
  expect(refuse(5_000, "a").type).toBe("pause");
});
