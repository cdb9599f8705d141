import { LRUCache } from "lru-cache";
import { codeOf, messageOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import { canonicalAddress } from "./ip-address.ts";

export interface Resolved {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/** All addresses of a name, of both families. Rejects if there are none. */
export type Lookup = (host: string) => Promise<readonly Resolved[]>;

/** A name as stored. */
export interface StoredName {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly ttlMs: number;
  readonly resolvedAtMs: number;
}

export interface NameCacheOptions {
  readonly size: number;
  readonly leastTtlMs: number;
  readonly mostTtlMs: number;
}

export type Resolution =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Queries A and AAAA in parallel: it is not an error if a name has only one of them. */
export async function systemLookup(host: string): Promise<readonly Resolved[]> {
  const results = await Promise.allSettled([
    Bun.dns.lookup(host, { family: 4 }),
    Bun.dns.lookup(host, { family: 6 }),
  ]);
  const found = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const [first] = results;
  if (found.length === 0) throw first?.status === "rejected" ? first.reason : new Error("it has no address");
  return found;
}

/** A cache of names and addresses, limited in size and age; expired entries still serve if DNS is down. */
export class NameCache {
  hits = 0;
  misses = 0;
  #made: LRUCache<string, StoredName> | null = null;
  readonly #options: NameCacheOptions;
  readonly #fresh = new Set<string>();

  constructor(options: NameCacheOptions) {
    this.#options = options;
  }

  /** Created on first use, so that packets to literal addresses are sent before. */
  get #names(): LRUCache<string, StoredName> {
    this.#made ??= new LRUCache({ max: this.#options.size, allowStale: true, noDeleteOnStaleGet: true });
    return this.#made;
  }

  /** Adds what earlier runs resolved. A negative age, from a clock set back, counts as expired. */
  restore(stored: readonly StoredName[], nowMs: number): void {
    for (const name of stored) {
      const ageMs = nowMs - name.resolvedAtMs;
      const leftMs = ageMs >= 0 ? name.ttlMs - ageMs : 0;
      // lru-cache takes 0 for "never expires".
      this.#names.set(name.host, name, { ttl: Math.max(1e-3, leftMs) });
    }
  }

  put(host: string, resolved: readonly Resolved[], nowMs: number): readonly string[] {
    const addresses = [...new Set(resolved.map(({ address }) => canonicalAddress(address)))];
    const leastMs = Math.min(...resolved.map(({ ttl }) => ttl * 1_000));
    const ttlMs = Math.min(this.#options.mostTtlMs, Math.max(this.#options.leastTtlMs, leastMs));
    this.#names.set(host, { host, addresses, ttlMs, resolvedAtMs: nowMs }, { ttl: ttlMs });
    this.#fresh.add(host);
    return addresses;
  }

  /** Milliseconds until the name expires; 0 if it has, or is unknown. */
  leftMs(host: string): number {
    return Math.max(0, this.#names.getRemainingTTL(host));
  }

  addresses(host: string): readonly string[] | null {
    return this.#names.get(host)?.addresses ?? null;
  }

  /** Names resolved since the last call, for the store. */
  takeFresh(): readonly StoredName[] {
    const taken = [...this.#fresh].flatMap((host) => this.#names.peek(host) ?? []);
    this.#fresh.clear();
    return taken;
  }
}

export interface ResolveContext {
  readonly cache: NameCache;
  readonly lookup: Lookup;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
}

/** Why a name server gave no address, without the names of calls. */
function whyUnresolved(error: unknown): string {
  switch (codeOf(error) ?? "") {
    case "ENOTFOUND":
    case "DNS_ENOTFOUND":
      return "no name server knows it, or there is no network";
    case "EAI_AGAIN":
    case "DNS_ETIMEOUT":
      return "the name server does not answer";
    default:
      return messageOf(error);
  }
}

/** Looks a name up and caches it. The resolver's own timeouts are far longer than ours, so a timer races it. */
async function lookUp(host: string, context: ResolveContext): Promise<Resolution> {
  const { cache, lookup, timeoutMs, signal, nowMs } = context;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const looking = lookup(host).then(
    (resolved): Resolution => ({ ok: true, addresses: cache.put(host, resolved, nowMs()) }),
    (error: unknown): Resolution => ({
      ok: false,
      reason: `cannot resolve ${host}: ${whyUnresolved(error)}`,
    }),
  );
  const late = wait(timeoutMs, either).then((): Resolution => {
    return { ok: false, reason: `cannot resolve ${host}: no answer within ${Math.round(timeoutMs)} ms` };
  });
  const first = await Promise.race([looking, late]);
  stop.abort();
  return first;
}

/** Expired addresses are used if the resolver has not answered by then. */
const STALE_AFTER_MS = 300;

/**
 * All addresses of a name: cached ones while fresh, else looked up, else expired ones. A resolver that hangs, as a
 * DNSSEC-validating one does under a wrong clock, does not block the use of the last known addresses.
 */
export async function resolveName(host: string, context: ResolveContext): Promise<Resolution> {
  const { cache, signal } = context;
  const known = cache.addresses(host);
  if (known !== null && cache.leftMs(host) > 0) {
    cache.hits += 1;
    return { ok: true, addresses: known };
  }
  cache.misses += 1;
  const looking = lookUp(host, context);
  if (known === null) return looking;
  const stale: Resolution = { ok: true, addresses: known };
  const stop = new AbortController();
  const late = wait(STALE_AFTER_MS, AbortSignal.any([signal, stop.signal])).then(() => stale);
  const first = await Promise.race([looking, late]);
  stop.abort();
  return first.ok ? first : stale;
}

/** Looks up again what would expire within `aheadMs`, so that the next round does not have to wait for it. */
export async function refreshNames(
  hosts: readonly string[],
  aheadMs: number,
  context: ResolveContext,
): Promise<void> {
  const due = hosts.filter(
    (host) => context.cache.addresses(host) !== null && context.cache.leftMs(host) <= aheadMs,
  );
  await Promise.all(due.map((host) => lookUp(host, context)));
}
