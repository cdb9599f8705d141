import { expect, test } from "bun:test";
import fc from "fast-check";
import { batchOutcome, idempotencyKey } from "../../../src/upload/tanova/batch.ts";
import { ConnectionLost } from "../../../src/lib/http/connection-lost.ts";
import type { Exchange } from "../../../src/lib/http/client.ts";
import { ContentChanged } from "../../../src/upload/tanova/request-body.ts";
import type { UploadOutcome } from "../../../src/upload/tanova/types.ts";
import { sha256 } from "../../support/upload/tanova.ts";

const NOW = Date.UTC(2026, 10, 20);
const SUMS = ["a", "b", "c", "d", "e", "f"].map((text) => sha256(text));
const SENT = new Set(SUMS);

function answer(status: number, body: unknown, retryAfter?: string, whole = true): Exchange {
  const headers = new Map(retryAfter === undefined ? [] : [["retry-after", retryAfter]]);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { type: "answer", whole, answer: { status, headers, text, undecoded: null } };
}

const judge = (exchange: Exchange): unknown => batchOutcome(exchange, SENT, "key", NOW);

test("the key of a batch does not depend on the order of its items", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (checksums) => {
      expect(idempotencyKey(checksums)).toBe(idempotencyKey(checksums.toReversed()));
    }),
  );
  expect(idempotencyKey(["a", "b"])).not.toBe(idempotencyKey(["ab"]));
});

test("207: each item by itself; missing, foreign and senseless ones are left out", () => {
  const [a = "", b = "", c = "", d = "", e = "", f = ""] = SUMS;
  const results = [
    { checksum: a.toUpperCase(), status: 201, candidateId: "c1" },
    { checksum: b, status: 409 },
    { checksum: c, status: 429, message: "later", retryAfter: 2.5 },
    { checksum: d, status: 422, message: "not a CV" },
    { checksum: e, status: 500, message: "broken" },
    { checksum: f, status: "ok" },
    { checksum: sha256("never sent"), status: 201 },
    null,
    "junk",
  ];
  expect(judge(answer(207, { results }))).toEqual({
    type: "answered",
    results: new Map<string, UploadOutcome>([
      [a, { type: "stored", candidateId: "c1" }],
      [b, { type: "duplicate" }],
      [c, { type: "transient", status: 429, reason: "later", retryAfterMs: 3_000 }],
      [d, { type: "permanent", status: 422, reason: "not a CV" }],
      [e, { type: "ambiguous", status: 500, reason: "broken", retryAfterMs: null, isUnrecognised: false }],
    ]),
  });
});

test.each([404, 405, 501])("%d: not offered any more", (status) => {
  expect(judge(answer(status, "<html>"))).toEqual({ type: "not-offered", status });
});

test("413: too large; 429, and 503 with a time to come back: the whole batch later", () => {
  expect(judge(answer(413, ""))).toEqual({ type: "too-large" });
  for (const status of [429, 503]) {
    expect(judge(answer(status, { message: "later" }, "4"))).toEqual({
      type: "transient",
      status,
      reason: "later",
      retryAfterMs: 4_000,
    });
  }
});

test("5xx, a lost answer, and one that is no batch's: every item may be there", () => {
  const unclear = [
    answer(500, { message: "x" }),
    answer(503, ""),
    answer(200, "<html>"),
    answer(200, { results: 3 }),
    answer(202, { results: [] }),
    { type: "lost", error: new ConnectionLost("silent"), whole: true } as const,
  ];
  expect(unclear.map((exchange) => batchOutcome(exchange, SENT, "key", NOW).type)).toEqual(
    unclear.map(() => "ambiguous"),
  );
});

test("cut before its last byte: nothing is there", () => {
  const lost = { type: "lost", error: new ConnectionLost("reset"), whole: false } as const;
  expect(judge(lost)).toEqual({ type: "transient", status: null, reason: "reset", retryAfterMs: null });
  expect(judge({ type: "withdrawn", error: new ContentChanged(SUMS[0] ?? "", "changed") })).toEqual({
    type: "changed",
    checksum: SUMS[0],
    reason: "changed",
  });
});

test("whatever a server answers, something is made of it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 599 }),
      fc.oneof(fc.json(), fc.string()),
      fc.boolean(),
      (status, body, whole) => {
        const outcome = batchOutcome(answer(status, body, undefined, whole), SENT, "key", NOW);
        // Only a clear list of results to a whole request counts as an answer.
        if (outcome.type === "answered") expect([200, 207]).toContain(status);
      },
    ),
  );
});
