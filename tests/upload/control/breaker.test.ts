import { expect, test } from "bun:test";
import { createBreaker } from "../../../src/upload/control/breaker.ts";
import { NEVER } from "../../support/tanova.ts";
import { until } from "../../support/until.ts";

const PROBES = { baseMs: 2, maxMs: 10 };

test("closed it lets everyone pass; a success forgets the failures before it", async () => {
  const breaker = createBreaker({ failuresToOpen: 3, probes: PROBES, probe: () => Promise.resolve(true) });
  for (let round = 0; round < 5; round += 1) {
    breaker.failure("reset");
    breaker.failure("reset");
    breaker.success();
  }
  expect([breaker.openReason, await breaker.ready(NEVER)]).toEqual([null, true]);
});

test("open it holds all back while one probes, and lets all go when the server is well", async () => {
  const changes: (string | null)[] = [];
  let probes = 0;
  let probing = 0;
  const breaker = createBreaker({
    failuresToOpen: 2,
    probes: PROBES,
    probe: async () => {
      probing += 1;
      expect(probing).toBe(1);
      await Promise.resolve();
      probing -= 1;
      probes += 1;
      return probes === 3;
    },
    onChange: (reason) => changes.push(reason),
  });
  breaker.failure("connection refused");
  breaker.failure("connection refused");
  breaker.failure("connection refused");
  const waiting = Array.from({ length: 20 }, () => breaker.ready(NEVER));
  expect(breaker.openReason).toBe("connection refused");
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, () => true));
  expect([probes, breaker.openReason, changes]).toEqual([3, null, ["connection refused", null]]);
});

test("an upload that still came through closes it without waiting for the next probe", async () => {
  const breaker = createBreaker({
    failuresToOpen: 1,
    probes: { baseMs: 3_600_000, maxMs: 3_600_000 },
    probe: () => Promise.resolve(false),
  });
  breaker.failure("silent");
  const waiting = [breaker.ready(NEVER), breaker.ready(NEVER)];
  breaker.success();
  expect(await Promise.all(waiting)).toEqual([true, true]);
});

test("an abort frees the one that waits; where that was the prober another takes over", async () => {
  let probes = 0;
  let isWell = false;
  const breaker = createBreaker({
    failuresToOpen: 1,
    probes: PROBES,
    probe: () => {
      probes += 1;
      return Promise.resolve(isWell);
    },
  });
  breaker.failure("silent");
  const [first, second] = [new AbortController(), new AbortController()];
  const prober = breaker.ready(first.signal);
  const other = breaker.ready(second.signal);
  const third = breaker.ready(NEVER);
  await until(() => probes >= 1, "the first probe");
  first.abort();
  second.abort();
  expect([await prober, await other, breaker.openReason]).toEqual([false, false, "silent"]);
  isWell = true;
  expect(await third).toBe(true);
});
