import { expect, test } from "bun:test";
import { NameCache, refreshNames, type ResolveContext, resolveName } from "../../../src/time/net/resolve.ts";

const OPTIONS = { size: 2, leastTtlMs: 1_000, mostTtlMs: 60_000 };

function contextOf(cache: NameCache, lookup: ResolveContext["lookup"], signal?: AbortSignal): ResolveContext {
  return {
    cache,
    lookup,
    timeoutMs: 50,
    signal: signal ?? new AbortController().signal,
    nowMs: () => 1_000_000,
  };
}

test("a name is looked up once while fresh; hits and misses are counted", async () => {
  const cache = new NameCache(OPTIONS);
  let lookups = 0;
  const context = contextOf(cache, async () => {
    lookups += 1;
    return [
      { address: "192.0.2.1", ttl: 300 },
      { address: "2001:DB8::0:1", ttl: 30 },
      { address: "192.0.2.1", ttl: 300 },
    ];
  });
  const expected = { ok: true, addresses: ["192.0.2.1", "2001:db8::1"] } as const;
  expect(await resolveName("a", context)).toEqual(expected);
  expect(await resolveName("a", context)).toEqual(expected);
  expect([lookups, cache.hits, cache.misses]).toEqual([1, 1, 1]);
  expect(cache.leftMs("a")).toBeWithin(29_000, 30_001);
  expect(cache.takeFresh()).toEqual([
    { host: "a", addresses: ["192.0.2.1", "2001:db8::1"], ttlMs: 30_000, resolvedAtMs: 1_000_000 },
  ]);
  expect(cache.takeFresh()).toEqual([]);
});

test("times to live are clamped, and the number of names is limited", () => {
  const cache = new NameCache(OPTIONS);
  cache.put("short", [{ address: "192.0.2.1", ttl: 0 }], 0);
  cache.put("long", [{ address: "192.0.2.2", ttl: 1e6 }], 0);
  expect([cache.leftMs("short") > 900, cache.leftMs("short") <= 1_000]).toEqual([true, true]);
  expect([cache.leftMs("long") > 59_000, cache.leftMs("long") <= 60_000]).toEqual([true, true]);
  cache.put("third", [{ address: "192.0.2.3", ttl: 10 }], 0);
  expect(cache.addresses("short")).toBeNull();
});

test("an expired name is used if DNS is down, and only then", async () => {
  const cache = new NameCache(OPTIONS);
  const stored = { host: "a", addresses: ["192.0.2.1"], ttlMs: 10_000, resolvedAtMs: 980_000 };
  cache.restore([stored], 1_000_000);
  expect(cache.leftMs("a")).toBeLessThan(1);
  const down = contextOf(cache, () => Promise.reject(new Error("SERVFAIL")));
  expect(await resolveName("a", down)).toEqual({ ok: true, addresses: ["192.0.2.1"] });
  expect(await resolveName("b", down)).toEqual({ ok: false, reason: "cannot resolve b: SERVFAIL" });
  const up = contextOf(cache, async () => [{ address: "192.0.2.9", ttl: 60 }]);
  expect(await resolveName("a", up)).toEqual({ ok: true, addresses: ["192.0.2.9"] });
});

test("a hanging resolver delays the use of an expired address by 300 ms at most; its answer is kept", async () => {
  const cache = new NameCache(OPTIONS);
  const stored = { host: "a", addresses: ["192.0.2.1"], ttlMs: 10_000, resolvedAtMs: 980_000 };
  cache.restore([stored], 1_000_000);
  const answer = Promise.withResolvers<readonly { address: string; ttl: number }[]>();
  const hanging = { ...contextOf(cache, () => answer.promise), timeoutMs: 60_000 };
  const started = performance.now();
  expect(await resolveName("a", hanging)).toEqual({ ok: true, addresses: ["192.0.2.1"] });
  expect(performance.now() - started).toBeGreaterThan(290);
  answer.resolve([{ address: "192.0.2.9", ttl: 60 }]);
  await answer.promise;
  expect(await resolveName("a", hanging)).toEqual({ ok: true, addresses: ["192.0.2.9"] });
});

test("what earlier runs resolved stays fresh for the rest of its time; a clock set back expires it", () => {
  const cache = new NameCache(OPTIONS);
  cache.restore(
    [
      { host: "fresh", addresses: ["192.0.2.1"], ttlMs: 10_000, resolvedAtMs: 996_000 },
      { host: "future", addresses: ["192.0.2.2"], ttlMs: 10_000, resolvedAtMs: 2_000_000 },
    ],
    1_000_000,
  );
  expect(cache.leftMs("fresh")).toBeWithin(5_000, 6_001);
  expect(cache.leftMs("future")).toBeLessThan(1);
});

test("a hanging resolver is given up at the timeout or when the signal aborts", async () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const cache = new NameCache(OPTIONS);
  expect(await resolveName("a", contextOf(cache, never))).toEqual({
    ok: false,
    reason: "cannot resolve a: no answer within 50 ms",
  });
  const stop = new AbortController();
  const resolving = resolveName("a", { ...contextOf(cache, never, stop.signal), timeoutMs: 60_000 });
  stop.abort();
  expect((await resolving).ok).toBe(false);
});

test("names are refreshed before they expire; unknown and fresh ones are not", async () => {
  const cache = new NameCache({ ...OPTIONS, size: 9 });
  cache.put("soon", [{ address: "192.0.2.1", ttl: 2 }], 0);
  cache.put("late", [{ address: "192.0.2.2", ttl: 60 }], 0);
  const asked: string[] = [];
  const context = contextOf(cache, async (host) => {
    asked.push(host);
    return [{ address: "192.0.2.7", ttl: 50 }];
  });
  await refreshNames(["soon", "late", "unknown"], 5_000, context);
  expect([asked, cache.addresses("soon"), cache.hits, cache.misses]).toEqual([["soon"], ["192.0.2.7"], 0, 0]);
});

test("a name that leads nowhere is told in words, not in names of calls", async () => {
  const reason = async (code: string): Promise<string | undefined> => {
    const lookup = () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
    const resolution = await resolveName("nowhere", contextOf(new NameCache(OPTIONS), lookup));
    return resolution.ok ? undefined : resolution.reason;
  };
  const unknown = "cannot resolve nowhere: no name server knows it, or there is no network";
  expect([await reason("ENOTFOUND"), await reason("DNS_ENOTFOUND")]).toEqual([unknown, unknown]);
  const silent = "cannot resolve nowhere: the name server does not answer";
  expect([await reason("EAI_AGAIN"), await reason("DNS_ETIMEOUT")]).toEqual([silent, silent]);
});
