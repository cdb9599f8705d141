import { expect, test } from "bun:test";
import { outcomeRule } from "../../../src/upload/tanova/outcome-rules.ts";

/** Status → rule for the whole request without and with Retry-After, and for one that was answered before its end. */
const TABLE = {
  100: ["misplaced", "misplaced", "misplaced"],
  200: ["success", "success", "unrecognised"],
  201: ["success", "success", "unrecognised"],
  202: ["unrecognised", "unrecognised", "unrecognised"],
  204: ["unrecognised", "unrecognised", "unrecognised"],
  302: ["misplaced", "misplaced", "misplaced"],
  400: ["permanent", "permanent", "permanent"],
  401: ["unauthorized", "unauthorized", "unauthorized"],
  403: ["unauthorized", "unauthorized", "unauthorized"],
  404: ["misplaced", "misplaced", "misplaced"],
  405: ["misplaced", "misplaced", "misplaced"],
  408: ["ambiguous", "ambiguous", "transient"],
  409: ["duplicate", "duplicate", "duplicate"],
  413: ["permanent", "permanent", "permanent"],
  422: ["permanent", "permanent", "permanent"],
  425: ["transient", "transient", "transient"],
  429: ["transient", "transient", "transient"],
  500: ["ambiguous", "ambiguous", "transient"],
  501: ["ambiguous", "ambiguous", "transient"],
  502: ["ambiguous", "ambiguous", "transient"],
  503: ["ambiguous", "transient", "transient"],
  504: ["ambiguous", "ambiguous", "transient"],
  520: ["ambiguous", "ambiguous", "transient"],
  599: ["ambiguous", "ambiguous", "transient"],
} as const;

test("the truth table of what an upload's status says", () => {
  const found = Object.keys(TABLE).map((status) => [
    status,
    [
      outcomeRule(Number(status), { whole: true, hasRetryAfter: false }),
      outcomeRule(Number(status), { whole: true, hasRetryAfter: true }),
      outcomeRule(Number(status), { whole: false, hasRetryAfter: false }),
    ],
  ]);
  expect(Object.fromEntries(found)).toEqual(TABLE);
});

test("no status but 200 and 201 is ever a success, and only a 4xx is ever for good", () => {
  for (let status = 100; status < 600; status += 1) {
    const rule = outcomeRule(status, { whole: true, hasRetryAfter: false });
    if (rule === "success") expect([200, 201]).toContain(status);
    if (rule === "permanent") expect(status).toBeGreaterThanOrEqual(400);
    if (rule === "permanent") expect(status).toBeLessThan(500);
  }
});
