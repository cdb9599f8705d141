import { expect, jest, test } from "bun:test";
import { Linger } from "../../src/lib/linger.ts";

test("begun again and again it is over once, and can be begun anew; disposed it is never over", () => {
  jest.useFakeTimers();
  try {
    let over = 0;
    using linger = new Linger(25, () => {
      over += 1;
    });
    const pass = (ms: number): number => {
      jest.advanceTimersByTime(ms);
      return over;
    };
    expect(pass(100)).toBe(0);
    linger.begin();
    expect(pass(20)).toBe(0);
    // The wait that runs is not begun again.
    linger.begin();
    expect(pass(5)).toBe(1);
    expect(pass(100)).toBe(1);
    linger.begin();
    expect(pass(25)).toBe(2);
    linger.begin();
    linger[Symbol.dispose]();
    expect(pass(100)).toBe(2);
  } finally {
    jest.useRealTimers();
  }
});
