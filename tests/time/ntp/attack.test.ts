import { expect, test } from "bun:test";
import { attack } from "../../../bench/time-attack.ts";

test("in 2,000 sets with a minority of liars at their worst, bound, range and interval hold", () => {
  expect(attack(2_000, 11)).toMatchObject({
    sets: 2_000,
    answered: 2_000,
    bound_violated: 0,
    range_violated: 0,
    interval_violated: 0,
  });
});
