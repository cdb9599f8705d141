import { expect, test } from "bun:test";
import fc from "fast-check";
import { Jobs } from "../../src/serve/jobs/jobs.ts";
import { firstStanding, type JobEvent, jobStep } from "../../src/serve/jobs/restart-policy.ts";

const failed: JobEvent = { type: "failed", reason: "no room" };

test("a job that fails again and again waits ever longer, up to five minutes; one that ran well begins anew", () => {
  let standing = firstStanding(0);
  const pauses: number[] = [];
  let nowMs = 0;
  for (let times = 0; times < 9; times += 1) {
    standing = jobStep(standing, failed, nowMs);
    if (standing.state.type !== "waiting") throw new Error("expected it to wait");
    pauses.push(standing.state.untilMs - nowMs);
    nowMs = standing.state.untilMs;
    standing = jobStep(standing, { type: "started" }, nowMs);
  }
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  const later = jobStep(standing, failed, nowMs + 600_000);
  expect(later).toMatchObject({ failures: 10, streak: 1, state: { untilMs: nowMs + 605_000 } });
});

test("whatever happens, the failures are counted and the last reason stays", () => {
  const event = fc.oneof(
    fc.constant<JobEvent>({ type: "started" }),
    fc.string({ minLength: 1 }).map((reason): JobEvent => ({ type: "failed", reason })),
  );
  fc.assert(
    fc.property(fc.array(event), (events) => {
      let standing = firstStanding(0);
      for (const [at, of] of events.entries()) standing = jobStep(standing, of, at * 1_000);
      const failures = events.filter((of) => of.type === "failed");
      expect([standing.failures, standing.reason]).toEqual([
        failures.length,
        failures.at(-1)?.reason ?? null,
      ]);
    }),
  );
});

test("jobs run side by side; one that throws, or ends by itself, waits, and all end with the signal", async () => {
  const over = new AbortController();
  const changed = Promise.withResolvers<void>();
  let changes = 0;
  const jobs: Jobs = new Jobs(
    [
      { name: "throws", run: () => Promise.reject(new Error("no room")) },
      { name: "ends", run: () => Promise.resolve() },
      {
        name: "works",
        run: (signal) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => resolve());
          }),
      },
    ],
    () => {
      changes += 1;
      if (changes === 3) changed.resolve();
    },
  );
  const running = jobs.run(over.signal);
  await changed.promise;
  expect(jobs.told().map(({ name, state, reason }) => [name, state, reason])).toEqual([
    ["throws", "waiting", "no room"],
    ["ends", "waiting", "it has ended by itself"],
    ["works", "running", null],
  ]);
  expect([...jobs.problems()].map(({ key }) => key)).toEqual(["job:throws", "job:ends"]);
  over.abort();
  await running;
  expect(jobs.told().map(({ state }) => state)).toEqual(["ended", "ended", "ended"]);
  expect([...jobs.problems()]).toEqual([]);
});
