import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { defaultsOf } from "../../../src/settings/defaults.ts";
import { RunBook } from "../../../src/upload/ledger/run-book.ts";
import { syncOptions } from "../../../src/upload/options.ts";
import { endingOf } from "../../../src/upload/plan/stop.ts";
import { NEVER, testClient } from "../../support/upload/tanova.ts";

const SERVER = { url: "http://127.0.0.1:1", apiKey: "tanova_sk_test" };

test("what a server says of when it accepts uploads again is recorded, whatever the run's clock shows", async () => {
  using store = openStore({ path: ":memory:" });
  using client = testClient(SERVER);
  using ending = endingOf(NEVER);
  using book = await RunBook.open(
    {
      store,
      client,
      root: "/cvs",
      destination: SERVER.url,
      settings: defaultsOf(syncOptions),
      onNotice: () => undefined,
    },
    ending,
  );
  const outage = store.db.query<{ reason: string; untilMs: number | null }, []>(
    "SELECT outage_reason AS reason, outage_until_ms AS untilMs FROM destination",
  );
  for (const fraction of [0, 0.25, 0.999]) {
    const untilMs = Math.floor(performance.now()) + 7_000 + fraction;
    book.noted({ type: "paused", reason: "429", untilMs });
    const told = outage.get();
    expect(told?.reason).toBe("429");
    // The two clocks are read one after the other.
    expect(Math.abs((told?.untilMs ?? 0) - (Date.now() + untilMs - performance.now()))).toBeLessThan(60_000);
  }
  book.noted({ type: "away", reason: "nothing listens there" });
  expect(outage.get()).toEqual({ reason: "nothing listens there", untilMs: null });
  book.noted({ type: "back" });
  expect(outage.get()?.untilMs).toBeLessThanOrEqual(Date.now());
});
