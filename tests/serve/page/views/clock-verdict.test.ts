import { expect, test } from "bun:test";
import { clockVerdict } from "../../../../src/serve/page/views/clock-verdict.ts";

test("a clock is called right or off only if the error bound allows no doubt", () => {
  const verdict = (offsetS: number | null, boundS: number | null) =>
    clockVerdict({ offset_s: offsetS, error_bound_s: boundS });
  expect(verdict(0.03, 0.02)).toBe("right");
  expect(verdict(-0.08, 0.02)).toBe("right");
  expect(verdict(-3, 0.02)).toBe("off");
  expect(verdict(0.5, 0.1)).toBe("off");
  expect(verdict(0.09, 0.02)).toBe("unsure");
  expect(verdict(3, 5)).toBe("unsure");
  expect(verdict(0, 946_725_812)).toBe("unsure");
  expect([verdict(0, null), verdict(null, null)]).toEqual(["unsure", "unsure"]);
});
