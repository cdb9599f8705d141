import type { UnitAnswer } from "../../../../src/upload/plan/events.ts";
import type { Work } from "../../../../src/upload/plan/work.ts";
import type { CheckOutcome, HealthOutcome, UploadOutcome } from "../../../../src/upload/tanova/types.ts";
import type { Draw } from "./draw.ts";
import { LOST, type ModelServer } from "./model-server.ts";

/** A server's answer about its health, or none. */
export function drawnHealth(draw: Draw, { bulkCheck }: { readonly bulkCheck: boolean }): HealthOutcome {
  const drawn = draw(12);
  if (drawn === 1) return { type: "unauthorized", status: 401, reason: "no" };
  if (drawn === 2 || drawn === 3)
    return { type: "unreachable", status: 503, reason: "away", retryAfterMs: drawn === 2 ? 50 : null };
  return {
    type: "healthy",
    health: {
      authenticated: true,
      agency: null,
      canUpload: true,
      batch: { path: "/b", maxItems: 10, maxBytes: 1e6 },
      bulkCheck: bulkCheck ? { path: "/c", maxItems: 10 } : null,
    },
  };
}

/** Whether the server has a content; true if it answers at all. */
export function drawnCheck(server: ModelServer, checksum: string, draw: Draw): CheckOutcome {
  if (draw(6) === 1) return { type: "unanswered", ...LOST, status: draw(3) === 1 ? 429 : null };
  return server.has(checksum) ? "there" : "absent";
}

function drawnOutcome(server: ModelServer, { checksum }: Work, draw: Draw, nowMs: number): UploadOutcome {
  switch (draw(16)) {
    case 1:
    case 2:
      server.maybeStore(checksum, draw, nowMs);
      return { type: "ambiguous", ...LOST, isUnrecognised: draw(4) === 1 };
    case 3:
      return { type: "transient", ...LOST };
    case 4:
      return { type: "transient", ...LOST, status: 429, retryAfterMs: draw(2) === 0 ? 100 : null };
    case 5:
      return { type: "permanent", status: 422, reason: "no text" };
    case 6:
      return { type: "permanent", status: null, reason: "it is no longer there" };
    case 7:
      return { type: "changed", reason: "it has changed" };
    case 8:
      return draw(6) === 1
        ? { type: "unauthorized", status: draw(2) === 0 ? 401 : 403, reason: "no" }
        : { type: "misplaced", status: 404, reason: "no such thing" };
    default:
      return server.store(checksum) === "stored"
        ? { type: "stored", candidateId: null }
        : { type: "duplicate" };
  }
}

/** The outcome of a request with these contents: any answer that a server can give, or none. */
export function drawnAnswer(
  server: ModelServer,
  works: readonly Work[],
  draw: Draw,
  nowMs: number,
): UnitAnswer {
  const [first] = works;
  if (works.length === 1 && first !== undefined)
    return { type: "single", outcome: drawnOutcome(server, first, draw, nowMs) };
  const refusals = [
    null,
    { type: "not-offered", status: 404 },
    { type: "too-large" },
    { type: "permanent", status: 400, reason: "no" },
    { type: "changed", checksum: first?.checksum ?? "", reason: "changed" },
    { type: "transient", ...LOST, status: 503 },
  ] as const;
  const whole = draw(12);
  const refusal = refusals[whole] ?? null;
  if (refusal !== null) return { type: "batch", outcome: refusal };
  if (whole === refusals.length) {
    for (const { checksum } of works) server.maybeStore(checksum, draw, nowMs);
    return { type: "batch", outcome: { type: "ambiguous", ...LOST, isUnrecognised: draw(4) === 1 } };
  }
  const results = works
    .filter(() => draw(10) !== 1)
    .map((work) => [work.checksum, drawnOutcome(server, work, draw, nowMs)] as const)
    .filter(([, { type }]) => type !== "changed");
  return { type: "batch", outcome: { type: "answered", results: new Map(results) } };
}
