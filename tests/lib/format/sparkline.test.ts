import { expect, test } from "bun:test";
import { sparkline } from "../../../src/lib/format/sparkline.ts";

test("a bar a value, from the least to the greatest; a space for what is not known", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([5, 5, null, 5])).toBe("▄▄ ▄");
  expect([sparkline([]), sparkline([null])]).toEqual(["", " "]);
});
