import { expect, test } from "bun:test";
import { sparkline } from "../../../src/lib/format/sparkline.ts";

test("one bar per value, from the least to the greatest; a space for unknown values", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([5, 5, null, 5])).toBe("▄▄ ▄");
  expect([sparkline([]), sparkline([null])]).toEqual(["", " "]);
});
