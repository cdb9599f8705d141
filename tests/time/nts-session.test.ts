import { expect } from "bun:test";
import type { Store } from "../../src/db/open.ts";
import { type Clock } from "../../src/time/clock/clock.ts";
import { systemClock } from "../../src/time/clock/system-clock.ts";
import { CLOCK_UNTOUCHED, type TimeResult } from "../../src/time/result.ts";
import { type Authority, createAuthority, type IssueOptions } from "../support/authority.ts";
import { patient } from "../support/emulation.ts";
import { answerBytes } from "../support/nts-records.ts";
import { type NtsServer, ntsServer, type NtsServerOptions } from "../support/nts-server.ts";
import { needs } from "../support/programs.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { memoryStore, sessionOn, settingsFor } from "../support/time-session.ts";

const withOpenssl = needs("openssl");
const clock = systemClock();
const UNVALID = "by this clock certificates are not valid";

/** From now to a moment, in seconds. */
const until = (year: number): number => (Date.UTC(year, 0) - Date.now()) / 1_000;

/** This machine's clock, wrong by so much. */
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

/** What makes up a run of its own: the machine's clock and the program's age may be others. */
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

class Stage implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly store = memoryStore();
  readonly authority: Authority;
  readonly #stack = new AsyncDisposableStack();

  private constructor(folder: TempFolder, authority: Authority) {
    this.folder = this.#stack.use(folder);
    this.authority = authority;
  }

  static async open(): Promise<Stage> {
    const folder = tempFolder();
    return new Stage(folder, await createAuthority(folder, "authority"));
  }

  /** Servers that are all alike. */
  async servers(
    names: readonly string[],
    certificate: IssueOptions,
    options: Omit<NtsServerOptions, "tls"> = {},
  ): Promise<readonly NtsServer[]> {
    const made: NtsServer[] = [];
    for (const name of names) {
      const tls = await this.authority.issue(name, certificate);
      made.push(this.#stack.use(await ntsServer({ tls, ...options })));
    }
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    this.store[Symbol.dispose]();
  }
}

const offsetS = ({ offsetNs }: TimeResult): number =>
  offsetNs === null ? Number.NaN : Number(offsetNs) / 1e9;
const statuses = ({ reports }: TimeResult): string[] => reports.map(({ status }) => status);

withOpenssl(
  "a clock that is decades behind: two servers and more than half must agree that it is wrong",
  async () => {
    await using stage = await Stage.open();
    const aheadS = until(2055);
    const servers = await stage.servers(["one", "two", "three"], between(2050, 2060), { offsetS: aheadS });
    const run = { store: stage.store, authority: stage.authority };
    const all = await measure(servers, run);
    expect([all.source, all.authenticated]).toEqual(["nts", true]);
    expect(Math.abs(offsetS(all) - aheadS)).toBeLessThan(1);

    using fresh = memoryStore();
    const lone = await measure(servers.slice(0, 1), { ...run, store: fresh });
    expect([lone.source, lone.note]).toEqual([
      null,
      `${UNVALID}: 2 servers must agree that it is wrong, and 1 do`,
    ]);
    const dead = [{ port: 1 }, { port: 2 }];
    const half = await measure([...servers.slice(0, 2), ...dead], { ...run, store: fresh, timeoutMs: 800 });
    expect([half.source, half.note]).toEqual([
      null,
      `${UNVALID}: 3 servers must agree that it is wrong, and 2 do`,
    ]);
    const most = await measure([...servers, ...dead], { ...run, store: fresh, timeoutMs: 800 });
    expect([most.source, most.agreeing]).toEqual(["nts", 3]);
  },
);

withOpenssl("a clock that is years ahead, by which all certificates have expired", async () => {
  await using stage = await Stage.open();
  // In 2018, by a program of 2016, with this machine's clock for one that is far ahead.
  const agoS = until(2018);
  const servers = await stage.servers(["one", "two"], between(2017, 2019), { offsetS: agoS });
  const run = { store: stage.store, authority: stage.authority, builtIn: 2016 };
  const both = await measure(servers, run);
  expect(both.source).toBe("nts");
  expect(Math.abs(offsetS(both) - agoS)).toBeLessThan(1);
  using fresh = memoryStore();
  expect((await measure(servers.slice(0, 1), { ...run, store: fresh })).note).toContain(UNVALID);
  // By a program of 2020 they cannot be valid, whatever the clock says.
  const later = await measure(servers, { ...run, store: fresh, builtIn: 2020 });
  expect([later.source, later.reports[0]?.reason]).toEqual([
    null,
    "no keys: its certificate expired on 2019-01-01",
  ]);
});

withOpenssl("cookies of a right clock, used by one that was set back to 1970", async () => {
  await using stage = await Stage.open();
  const servers = await stage.servers(["one", "two"], {});
  const run = { store: stage.store, authority: stage.authority };
  await measure(servers, run);
  const backS = until(1970);
  const reset = { ...run, clock: wrongClock(backS) };
  expect((await measure(servers.slice(0, 1), reset)).note).toContain(UNVALID);
  const both = await measure(servers, reset);
  expect(both.source).toBe("nts");
  expect(Math.abs(offsetS(both) + backS)).toBeLessThan(1);
  expect(servers.map(({ exchanges }) => exchanges)).toEqual([1, 1]);
});

withOpenssl("a server that tells a time by which its own certificate is not valid has no say", async () => {
  await using stage = await Stage.open();
  const [early] = await stage.servers(["early"], between(2050, 2060));
  const [late] = await stage.servers(["late"], between(2020, 2040), { offsetS: until(2055) });
  const good = await stage.servers(["one", "two"], {});
  if (early === undefined || late === undefined) throw new Error("a server is missing");
  const result = await measure([early, late, ...good], { store: stage.store, authority: stage.authority });
  expect(result.source).toBe("nts");
  expect(Math.abs(offsetS(result))).toBeLessThan(1);
  const reason = "its certificate is not valid at the time that it tells";
  expect(result.reports.slice(0, 2).map(({ status, reason: why }) => [status, why])).toEqual([
    ["invalid", reason],
    ["invalid", reason],
  ]);
});

withOpenssl(
  "what is certain from earlier runs: keys of a chain that ended before it are not used",
  async () => {
    await using stage = await Stage.open();
    const run = { store: stage.store, authority: stage.authority };
    const servers = await stage.servers(["one"], between(2020, 2030));
    await measure(servers, run);
    const told = stage.store.db.query(
      "UPDATE time_runs SET true_at_ms = ?, source = ?, servers_agreeing = ?",
    );
    const atMs = Date.UTC(2031, 0);
    // One server that is not authenticated may say what it likes: it cannot deny NTS by it.
    told.run(atMs, "ntp", 1);
    expect((await measure(servers, run)).source).toBe("nts");
    told.run(atMs, "ntp", 3);
    const refused = await measure(servers, run);
    expect([refused.source, refused.reports[0]?.reason]).toEqual([
      null,
      "no keys: its certificate expired on 2030-01-01",
    ]);
  },
);

withOpenssl("key exchanges that name the same server for the time have one vote", async () => {
  await using stage = await Stage.open();
  const [first, other] = await stage.servers(["first", "other"], {});
  if (first === undefined || other === undefined) throw new Error("a server is missing");
  const [second] = await stage.servers(["second"], {}, { timeServer: first });
  if (second === undefined) throw new Error("a server is missing");
  const run = { store: stage.store, authority: stage.authority };
  const result = await measure([first, second, other], run);
  expect([result.asked, result.answered, result.agreeing]).toEqual([2, 2, 2]);
  expect(result.reports[1]).toMatchObject({
    status: "survivor",
    reason: `it names the same time server as ${first.name}: they have one vote`,
  });
  // Both need each other: one vote is not two.
  const wrong = { ...run, clock: wrongClock(until(1970)) };
  expect((await measure([first, second], wrong)).note).toContain(UNVALID);
});

withOpenssl("who names an honest server takes nothing of its vote", async () => {
  await using stage = await Stage.open();
  const [honest, other] = await stage.servers(["honest", "other"], {});
  if (honest === undefined || other === undefined) throw new Error("a server is missing");
  // Listed first, with cookies that the honest server does not know.
  const [thief] = await stage.servers(
    ["thief"],
    {},
    {
      exchange: ({ cookies }) => answerBytes({ cookies, port: honest.ntpPort }),
    },
  );
  if (thief === undefined) throw new Error("a server is missing");
  const result = await measure([thief, honest, other], { store: stage.store, authority: stage.authority });
  expect([result.source, result.agreeing]).toEqual(["nts", 2]);
  expect(Math.abs(offsetS(result))).toBeLessThan(1);
  expect(statuses(result)[0]).not.toBe("selected");
});

withOpenssl("a server that is named by its host name is resolved and asked", async () => {
  await using stage = await Stage.open();
  const [server] = await stage.servers(
    ["named"],
    {},
    {
      exchange: ({ cookies, port = 0 }) => answerBytes({ cookies, server: "localhost", port }),
    },
  );
  const result = await measure(server === undefined ? [] : [server], {
    store: stage.store,
    authority: stage.authority,
  });
  expect([result.source, result.server, result.address]).toEqual(["nts", "127.0.0.1", "127.0.0.1"]);
});

withOpenssl("rounds of one process use their own cookies, without a store too", async () => {
  await using stage = await Stage.open();
  const [server] = await stage.servers(["server"], {});
  if (server === undefined) throw new Error("a server is missing");
  const settings = settingsFor([], {
    server: [{ host: "127.0.0.1", port: server.port }],
    nts: true,
    ntsCa: stage.authority.path,
  });
  for (const openStore of [undefined, () => Promise.resolve(null)]) {
    const before = server.exchanges;
    using session = sessionOn(stage.store, settings, openStore === undefined ? {} : { openStore });
    for (let round = 0; round < 12; round += 1) {
      const { result, obtained } = await session.measure();
      expect(result.source).toBe("nts");
      session.record(result, obtained, CLOCK_UNTOUCHED);
    }
    expect(server.exchanges - before).toBe(1);
  }
  expect(new Set(server.cookies).size).toBe(24);
});
