import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { openStore } from "../../../../src/db/open.ts";
import { type Agreed, CookieJar } from "../../../../src/time/net/nts/cookie-jar.ts";
import { tempFolder } from "../../../support/temp.ts";

const AGREED: Agreed = {
  aead: 15,
  c2s: new Uint8Array(32).fill(1),
  s2c: new Uint8Array(32).fill(2),
  ntp: { host: "ntp.example", port: 4_123 },
  notBeforeMs: 1_000,
  notAfterMs: 2_000,
};
const cookies = (...fills: readonly number[]): Uint8Array[] =>
  fills.map((fill) => new Uint8Array(100).fill(fill));
const first = (cookie: Uint8Array | null | undefined): number | null => cookie?.[0] ?? null;

test("what a run stores is available to the next one, including keys and chain", () => {
  using folder = tempFolder();
  const path = folder.file("nodupe.db");
  {
    using store = openStore({ path });
    new CookieJar(store, "").replace("ke.example:4460", AGREED, cookies(1, 2, 3), "192.0.2.7");
  }
  using store = openStore({ path });
  expect([...new CookieJar(store, "").kept()]).toEqual([
    ["ke.example:4460", { ...AGREED, id: 1, server: "ke.example:4460", address: "192.0.2.7", cookies: 3 }],
  ]);
  // Useless for a process that trusts other authorities.
  expect(new CookieJar(store, "another file").kept().size).toBe(0);
});

test("cookies are taken oldest first, each once, until none are left; of more than eight, the newest are kept", () => {
  using store = openStore({ path: ":memory:" });
  const jar = new CookieJar(store, "");
  const one = jar.replace("one:4460", AGREED, cookies(1, 2, 3, 4, 5, 6), null);
  const two = jar.replace("two:4460", AGREED, cookies(21), null);
  jar.put(one, cookies(7, 8, 9, 10), "192.0.2.9");
  expect([...jar.kept().values()].map(({ cookies: count, address }) => [count, address])).toEqual([
    [8, "192.0.2.9"],
    [1, null],
  ]);
  expect(jar.take([one, two, one]).map(first)).toEqual([3, 21, 4]);
  const rest = Array.from({ length: 7 }, () => jar.take([one, two]).map(first));
  expect(rest).toEqual([5, 6, 7, 8, 9, 10, null].map((fill) => [fill, null]));
});

test("a new exchange replaces the old one; holders of the old one find and add nothing", () => {
  using store = openStore({ path: ":memory:" });
  const jar = new CookieJar(store, "");
  const before = jar.replace("one:4460", AGREED, cookies(1, 2), null);
  const after = jar.replace("one:4460", { ...AGREED, c2s: new Uint8Array(32).fill(9) }, cookies(11), null);
  expect(after).not.toBe(before);
  jar.put(before, cookies(3), null);
  expect(jar.take([before])).toEqual([null]);
  expect(first(jar.take([after])[0])).toBe(11);
  expect([...jar.kept().values()].map(({ id, cookies: count }) => [id, count])).toEqual([[after, 0]]);
});

test("keys of servers that are no longer queried are deleted", () => {
  using store = openStore({ path: ":memory:" });
  const jar = new CookieJar(store, "");
  for (let server = 0; server < 100; server += 1)
    jar.replace(`s${server}:4460`, AGREED, cookies(server), null);
  expect([...jar.kept().keys()]).toEqual(Array.from({ length: 64 }, (_, index) => `s${36 + index}:4460`));
  expect(store.db.query("SELECT count(*) AS count FROM time_nts_cookies").get()).toEqual({ count: 64 });
});

test("two concurrent processes never get the same cookie", () => {
  using folder = tempFolder();
  const path = folder.file("nodupe.db");
  using left = openStore({ path });
  using right = openStore({ path });
  const jars = [new CookieJar(left, ""), new CookieJar(right, "")];
  const id = jars[0]?.replace("one:4460", AGREED, cookies(1, 2, 3, 4, 5, 6, 7, 8), null) ?? 0;
  const taken = Array.from({ length: 10 }, (_, turn) => first(jars[turn % 2]?.take([id])[0]));
  expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8, null, null]);
});

test("a cookie is deleted from the file before it is handed out, whatever happens to this process", () => {
  using folder = tempFolder();
  const path = folder.file("nodupe.db");
  using store = openStore({ path });
  const jar = new CookieJar(store, "");
  const id = jar.replace("one:4460", AGREED, cookies(1, 2), null);
  expect(first(jar.take([id])[0])).toBe(1);
  using other = new Database(path, { readonly: true });
  const left = other.query<{ cookie: Uint8Array }, []>("SELECT cookie FROM time_nts_cookies").all();
  expect(left.map(({ cookie }) => first(cookie))).toEqual([2]);
  expect(store.db.query<{ synchronous: number }, []>("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
});

test("a store that cannot be written hands out nothing", () => {
  using folder = tempFolder();
  const path = folder.file("nodupe.db");
  using store = openStore({ path });
  const jar = new CookieJar(store, "");
  const id = jar.replace("one:4460", AGREED, cookies(1), null);
  using reader = openStore({ path, readonly: true });
  expect(() => new CookieJar(reader, "").take([id])).toThrow();
  using busy = new Database(path);
  busy.run("BEGIN IMMEDIATE");
  using impatient = openStore({ path, busyTimeoutMs: 1 });
  expect(() => new CookieJar(impatient, "").take([id])).toThrow("locked");
  // Even a process with a longer timeout elsewhere does not wait as long for this.
  expect(() => jar.take([id])).toThrow("locked");
  expect(store.db.query("PRAGMA busy_timeout").get()).toEqual({ timeout: 5_000 });
  busy.run("ROLLBACK");
  expect(first(jar.take([id])[0])).toBe(1);
});

/** A process until it is killed. */
interface Life {
  readonly servers: readonly number[];
  readonly killedAfter: "reading" | "taking" | "sending" | "recording";
  readonly brings: number;
  readonly exchangesAnew: boolean;
}

test("a thousand processes killed at any point never hand out the same cookie twice", () => {
  using store = openStore({ path: ":memory:" });
  let made = 0;
  const bake = (count: number): Uint8Array[] =>
    Array.from({ length: count }, () => {
      const bytes = new Uint8Array(new ArrayBuffer(100));
      new DataView(bytes.buffer).setUint32(0, (made += 1));
      return bytes;
    });
  const sent: number[] = [];
  let lives = 0;
  const live = ({ servers, killedAfter, brings, exchangesAnew }: Life): void => {
    lives += 1;
    // Nothing remains of an earlier process but its store.
    const jar = new CookieJar(store, "");
    const kept = jar.kept();
    if (killedAfter === "reading") return;
    const known = servers.flatMap((server) => kept.get(`${server}:4460`) ?? []);
    const taken = jar.take(known.map(({ id }) => id));
    if (killedAfter === "taking") return;
    for (const cookie of taken) if (cookie !== null) sent.push(new DataView(cookie.buffer).getUint32(0));
    if (killedAfter === "sending") return;
    for (const server of servers) {
      const before = kept.get(`${server}:4460`);
      if (before === undefined || exchangesAnew) {
        // The first cookie of a new exchange is sent at once and never stored.
        const [first, ...rest] = bake(8);
        if (first !== undefined) sent.push(new DataView(first.buffer).getUint32(0));
        jar.replace(`${server}:4460`, AGREED, rest, null);
      } else jar.put(before.id, bake(brings), null);
    }
  };
  const history = fc.array(
    fc.record({
      servers: fc.uniqueArray(fc.nat(2), { minLength: 1 }),
      killedAfter: fc.constantFrom("reading", "taking", "sending", "recording"),
      brings: fc.integer({ min: 0, max: 4 }),
      exchangesAnew: fc.boolean(),
    }),
    { minLength: 1_000, maxLength: 1_000 },
  );
  for (const life of fc.sample(history, { numRuns: 1, seed: 8_915 }).flat()) live(life);
  expect([lives, new Set(sent).size]).toEqual([1_000, sent.length]);
  expect(sent.length).toBeGreaterThan(500);
});
