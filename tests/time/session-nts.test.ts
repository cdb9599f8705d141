import { expect } from "bun:test";
import type { Store } from "../../src/db/open.ts";
import { type Clock } from "../../src/time/clock/clock.ts";
import { systemClock } from "../../src/time/clock/system-clock.ts";
import { CLOCK_UNTOUCHED, type TimeResult } from "../../src/time/result.ts";
import type { Authority, IssueOptions } from "../support/net/authority.ts";
import { patient } from "../support/emulation.ts";
import { answerBytes } from "../support/time/nts-records.ts";
import type { NtsServer } from "../support/time/nts-server.ts";
import { NtsStage } from "../support/time/nts-stage.ts";
import { needs } from "../support/programs.ts";
import { memoryStore, sessionOn, settingsFor } from "../support/time/time-session.ts";

const withOpenssl = needs("openssl");
const clock = systemClock();
const UNVALID = "by this clock certificates are not valid";

/** Seconds from now until the start of a year. */
const until = (year: number): number => (Date.UTC(year, 0) - Date.now()) / 1_000;

/** This machine's clock, off by this much. */
function wrongClock(byS: number): Clock {
  const by = BigInt(Math.round(byS * 1e9));
  return {
    rawNs: () => clock.rawNs(),
    read: () => {
      const { rawNs, realNs } = clock.read();
      return { rawNs, realNs: realNs + by };
    },
    epoch: () => clock.epoch(),
  };
}

const between = (from: number, to: number): IssueOptions => ({
  from: `${from}0101000000Z`,
  to: `${to}0101000000Z`,
});

/** What distinguishes a run: the machine's clock and the program's age can be simulated. */
interface Run {
  readonly store: Store;
  readonly authority: Authority;
  readonly clock?: Clock;
  readonly builtIn?: number;
  readonly timeoutMs?: number;
}

async function measure(servers: readonly { readonly port: number }[], run: Run): Promise<TimeResult> {
  const settings = settingsFor([], {
    server: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
    nts: true,
    ntsCa: run.authority.path,
    timeout: patient(run.timeoutMs ?? 1_500),
  });
  using session = sessionOn(run.store, settings, {
    askAll: true,
    ...(run.clock === undefined ? {} : { clock: run.clock }),
    ...(run.builtIn === undefined ? {} : { buildTimeS: Date.UTC(run.builtIn, 0) / 1_000 }),
  });
  const { result, obtained } = await session.measure();
  session.record(result, obtained, CLOCK_UNTOUCHED);
  return result;
}

/** A stage, and a store that outlives its runs. */
async function open(): Promise<{ readonly stage: NtsStage; readonly run: Run } & AsyncDisposable> {
  const stage = await NtsStage.open();
  const run = { store: stage.use(memoryStore()), authority: stage.authority };
  return { stage, run, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

/** A number of identical servers. */
async function servers(
  stage: NtsStage,
  names: readonly string[],
  options: Parameters<NtsStage["server"]>[1] = {},
): Promise<readonly NtsServer[]> {
  const made: NtsServer[] = [];
  for (const name of names) made.push(await stage.server(name, options));
  return made;
}

const offsetS = ({ offsetNs }: TimeResult): number =>
  offsetNs === null ? Number.NaN : Number(offsetNs) / 1e9;
withOpenssl(
  "a clock that is decades behind: two servers and more than half must agree that it is wrong",
  async () => {
    await using opened = await open();
    const { stage, run } = opened;
    const aheadS = until(2055);
    const three = await servers(stage, ["one", "two", "three"], {
      certificate: between(2050, 2060),
      offsetS: aheadS,
    });
    const all = await measure(three, run);
    expect([all.source, all.authenticated]).toEqual(["nts", true]);
    expect(Math.abs(offsetS(all) - aheadS)).toBeLessThan(1);

    const fresh = { ...run, store: stage.use(memoryStore()) };
    const lone = await measure(three.slice(0, 1), fresh);
    expect([lone.source, lone.note]).toEqual([
      null,
      `${UNVALID}: 2 servers must agree that it is wrong, and 1 do`,
    ]);
    const dead = [{ port: 1 }, { port: 2 }];
    const half = await measure([...three.slice(0, 2), ...dead], { ...fresh, timeoutMs: 800 });
    expect([half.source, half.note]).toEqual([
      null,
      `${UNVALID}: 3 servers must agree that it is wrong, and 2 do`,
    ]);
    const most = await measure([...three, ...dead], { ...fresh, timeoutMs: 800 });
    expect([most.source, most.agreeing]).toEqual(["nts", 3]);
  },
);

withOpenssl("a clock that is years ahead, by which all certificates have expired", async () => {
  await using opened = await open();
  const { stage } = opened;
  // In 2018, with a program of 2016: this machine's clock plays one that is far ahead.
  const agoS = until(2018);
  const two = await servers(stage, ["one", "two"], { certificate: between(2017, 2019), offsetS: agoS });
  const run = { ...opened.run, builtIn: 2016 };
  const both = await measure(two, run);
  expect(both.source).toBe("nts");
  expect(Math.abs(offsetS(both) - agoS)).toBeLessThan(1);
  const fresh = { ...run, store: stage.use(memoryStore()) };
  expect((await measure(two.slice(0, 1), fresh)).note).toContain(UNVALID);
  // For a program of 2020 they cannot be valid, whatever the clock says.
  const later = await measure(two, { ...fresh, builtIn: 2020 });
  expect([later.source, later.reports[0]?.reason]).toEqual([
    null,
    "no keys: its certificate expired on 2019-01-01",
  ]);
});

withOpenssl("cookies obtained with a right clock are used after it was set back to 1970", async () => {
  await using opened = await open();
  const { stage, run } = opened;
  const two = await servers(stage, ["one", "two"]);
  await measure(two, run);
  const backS = until(1970);
  const reset = { ...run, clock: wrongClock(backS) };
  expect((await measure(two.slice(0, 1), reset)).note).toContain(UNVALID);
  const both = await measure(two, reset);
  expect(both.source).toBe("nts");
  expect(Math.abs(offsetS(both) + backS)).toBeLessThan(1);
  expect(two.map(({ exchanges }) => exchanges)).toEqual([1, 1]);
});

withOpenssl("a server that claims a time at which its own certificate is not valid has no say", async () => {
  await using opened = await open();
  const { stage, run } = opened;
  const early = await stage.server("early", { certificate: between(2050, 2060) });
  const late = await stage.server("late", { certificate: between(2020, 2040), offsetS: until(2055) });
  const result = await measure([early, late, ...(await servers(stage, ["one", "two"]))], run);
  expect(result.source).toBe("nts");
  expect(Math.abs(offsetS(result))).toBeLessThan(1);
  const reason = "its certificate is not valid at the time that it reports";
  expect(result.reports.slice(0, 2).map(({ status, reason: why }) => [status, why])).toEqual([
    ["invalid", reason],
    ["invalid", reason],
  ]);
});

withOpenssl(
  "what is certain from earlier runs: keys of a chain that ended before it are not used",
  async () => {
    await using opened = await open();
    const { stage, run } = opened;
    const one = await servers(stage, ["one"], { certificate: between(2020, 2030) });
    await measure(one, run);
    const told = run.store.db.query("UPDATE time_runs SET true_at_ms = ?, source = ?, servers_agreeing = ?");
    const atMs = Date.UTC(2031, 0);
    // A single unauthenticated server can claim anything: that must not be enough to deny NTS.
    told.run(atMs, "ntp", 1);
    expect((await measure(one, run)).source).toBe("nts");
    told.run(atMs, "ntp", 3);
    const refused = await measure(one, run);
    expect([refused.source, refused.reports[0]?.reason]).toEqual([
      null,
      "no keys: its certificate expired on 2030-01-01",
    ]);
  },
);

withOpenssl("key exchange servers that name the same time server have one vote", async () => {
  await using opened = await open();
  const { stage, run } = opened;
  const first = await stage.server("first");
  const second = await stage.server("second", { timeServer: first });
  const other = await stage.server("other");
  const result = await measure([first, second, other], run);
  expect([result.asked, result.answered, result.agreeing]).toEqual([2, 2, 2]);
  expect(result.reports[1]).toMatchObject({
    status: "survivor",
    reason: `it names the same time server as ${first.name}: they have one vote`,
  });
  // With a wrong clock two votes are needed, and these have only one.
  const wrong = { ...run, clock: wrongClock(until(1970)) };
  expect((await measure([first, second], wrong)).note).toContain(UNVALID);
});

withOpenssl("naming an honest server does not affect its vote", async () => {
  await using opened = await open();
  const { stage, run } = opened;
  const honest = await stage.server("honest");
  const other = await stage.server("other");
  // Listed first, with cookies unknown to the honest server.
  const thief = await stage.server("thief", {
    exchange: ({ cookies }) => answerBytes({ cookies, port: honest.ntpPort }),
  });
  const result = await measure([thief, honest, other], run);
  expect([result.source, result.agreeing]).toEqual(["nts", 2]);
  expect(Math.abs(offsetS(result))).toBeLessThan(1);
  expect(
    result.reports.filter(({ host, port }) => host === "127.0.0.1" && port === honest.ntpPort),
  ).toHaveLength(2);
  expect(result.reports[0]?.status).not.toMatch(/selected|survivor/);
});

withOpenssl("a server named by host name is resolved and queried", async () => {
  await using opened = await open();
  const named = await opened.stage.server("named", {
    exchange: ({ cookies, port = 0 }) => answerBytes({ cookies, server: "localhost", port }),
  });
  const result = await measure([named], opened.run);
  expect([result.source, result.server, result.address]).toEqual(["nts", "127.0.0.1", "127.0.0.1"]);
});

withOpenssl("rounds of one process use their own cookies, even without a store", async () => {
  await using opened = await open();
  const server = await opened.stage.server("server");
  const settings = settingsFor([], {
    server: [{ host: "127.0.0.1", port: server.port }],
    nts: true,
    ntsCa: opened.stage.authority.path,
  });
  for (const openStore of [undefined, () => Promise.resolve(null)]) {
    const before = server.exchanges;
    using session = sessionOn(opened.run.store, settings, openStore === undefined ? {} : { openStore });
    for (let round = 0; round < 12; round += 1) {
      const { result, obtained } = await session.measure();
      expect(result.source).toBe("nts");
      session.record(result, obtained, CLOCK_UNTOUCHED);
    }
    expect(server.exchanges - before).toBe(1);
  }
  expect(new Set(server.cookies).size).toBe(24);
});

withOpenssl("keys outlive the certificate under which they were exchanged by no run", async () => {
  await using opened = await open();
  const { stage, run } = opened;
  const server = await stage.server("server");
  expect((await measure([server], run)).source).toBe("nts");
  const hourAgoMs = Date.now() - 3_600_000;
  // The last run was yesterday; the certificate of that time has expired since, and the server has another one.
  const expire = (): void => {
    run.store.db.run("UPDATE time_runs SET true_at_ms = ?", [Date.now() - 86_400_000]);
    run.store.db.run("UPDATE time_nts SET not_after_ms = ?", [hourAgoMs]);
  };
  expire();
  expect([(await measure([server], run)).source, server.exchanges]).toEqual(["nts", 2]);
  // A clock that is two hours behind does not notice by itself: the answer shows it.
  expire();
  const behind = await measure([server], { ...run, clock: wrongClock(-7_200) });
  expect([behind.source, server.exchanges]).toEqual(["nts", 3]);
  expect(Math.abs(offsetS(behind) - 7_200)).toBeLessThan(1);
});
