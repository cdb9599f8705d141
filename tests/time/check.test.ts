import { expect, test } from "bun:test";
import { checkOffset } from "../../src/time/check.ts";

const MS = 1_000_000n;

test("within and beyond are told only where the bound leaves no doubt, both ways alike", () => {
  const check = (offsetMs: bigint, boundMs: bigint): string =>
    checkOffset({ offsetNs: offsetMs * MS, errorBoundNs: boundMs * MS }, 100n * MS);
  for (const sign of [1n, -1n]) {
    expect(check(sign * 90n, 10n)).toBe("within");
    expect(check(sign * 90n, 11n)).toBe("unknown");
    expect(check(sign * 110n, 10n)).toBe("unknown");
    expect(check(sign * 111n, 10n)).toBe("beyond");
  }
  expect(check(0n, 101n)).toBe("unknown");
  expect(checkOffset({ offsetNs: null, errorBoundNs: null }, 100n * MS)).toBe("unknown");
  expect(checkOffset({ offsetNs: 0n, errorBoundNs: null }, 100n * MS)).toBe("unknown");
});
