import { type Assessment, assess } from "./ntp/assess.ts";
import type { Clock } from "./clock/clock.ts";
import { expectedDelayNs, type Health } from "./health.ts";
import { openTransport } from "./net/kernel-transport.ts";
import type { Ending } from "./ntp/stop-rule.ts";
import type { Outgoing, Peer, Target } from "./ntp/peer.ts";
import type { NtsClient } from "./net/nts/client.ts";
import { query, sendDue } from "./net/query.ts";
import { type Lookup, type NameCache, resolveName } from "./net/resolve.ts";
import { Round } from "./ntp/round.ts";
import { endpointKey, formatServerName, literalEndpoint, type ServerName } from "./net/server-name.ts";
import { nsOfMs } from "../lib/format/duration.ts";
import { type MeasureSettings, serversOf } from "./options.ts";
import type { Transport } from "./net/transport.ts";

/** One sample is enough with kernel timestamps; with the runtime's own, the best of several is used. */
const PORTABLE_SAMPLES = 8;
/** Servers with a greater root distance are refused: RFC 5905's MAXDIST. */
const MAX_ROOT_DISTANCE_MS = 1_500;

export interface MeasureContext {
  readonly settings: MeasureSettings;
  readonly clock: Clock;
  readonly cache: NameCache;
  readonly lookup: Lookup;
  readonly signal: AbortSignal;
  readonly buildTimeS: number;
  /** The servers were named for this very run: their addresses are queried before earlier runs' data has been read. */
  readonly askAll: boolean;
  /** The answer will set the clock: what less than half of the servers support is not accepted before the deadline. */
  readonly isThorough: boolean;
  /** Health of addresses; available once `restore` has run. */
  readonly healthOf: () => ReadonlyMap<string, Health>;
  /** Addresses that told us not to come again (DENY, RSTR), or less often, with the kiss code. */
  readonly refusedBy: ReadonlyMap<string, string>;
  /** Null without `--nts`; available once `open` is done. */
  readonly nts: () => NtsClient | null;
  /** Opens the store; packets can be in flight meanwhile. */
  readonly open: () => Promise<void>;
  /** Loads what earlier runs learned; packets can be in flight meanwhile. */
  readonly restore: () => void;
}

/** For a single measurement outside of a session: no store, no health, no cookies. */
export const UNRECORDED = {
  isThorough: false,
  healthOf: (): ReadonlyMap<string, Health> => new Map(),
  refusedBy: new Map<string, string>(),
  nts: () => null,
  open: () => Promise.resolve(),
  restore: () => undefined,
} as const satisfies Partial<MeasureContext>;

export interface ServerMeasurement {
  readonly assessment: Assessment;
  readonly ending: Ending;
  readonly peers: readonly Peer[];
  readonly transport: Transport["kind"];
}

function randomCookie(): bigint {
  const random = new BigUint64Array(1);
  do crypto.getRandomValues(random);
  while (random[0] === 0n);
  return random[0] ?? 1n;
}

function targetOf(name: ServerName, address: string, health: ReadonlyMap<string, Health>): Target | null {
  const endpoint = literalEndpoint({ host: address, port: name.port });
  if (endpoint === null) return null;
  const server = formatServerName(name);
  return {
    server,
    host: name.host,
    endpoint,
    expectedDelayNs: expectedDelayNs(health.get(endpointKey(endpoint))),
  };
}

function roundFor(context: MeasureContext, transport: Transport): Round {
  const { settings, clock, buildTimeS } = context;
  const least = transport.kind === "portable" ? PORTABLE_SAMPLES : 1;
  return new Round(
    {
      samples: Math.max(settings.samples, least),
      buildTimeS,
      precisionNs: transport.precisionNs,
      maxRootDistanceNs: nsOfMs(MAX_ROOT_DISTANCE_MS),
      minServers: settings.minServers,
      isThorough: context.isThorough,
      cookie: randomCookie,
    },
    clock.rawNs(),
  );
}

/** Adds a server's addresses to the round; those that refuse us are recorded but not queried. */
function enter(round: Round, name: ServerName, targets: readonly Target[], context: MeasureContext): void {
  const server = formatServerName(name);
  round.expect(server, name.host);
  round.resolved(server, targets);
  for (const peer of round.peers) {
    const code = context.refusedBy.get(peer.key);
    if (code !== undefined && peer.requests === 0) peer.close({ type: "kiss", code });
  }
}

/**
 * Adds servers whose addresses are known at once, the others when they are resolved.
 *
 * @param signal ends the lookups; addresses found later are not added.
 * @returns the lookups.
 */
function enterNames(
  round: Round,
  names: readonly ServerName[],
  context: MeasureContext,
  signal: AbortSignal,
): readonly Promise<void>[] {
  const { cache, lookup, clock, settings } = context;
  const health = context.healthOf();
  const nowMs = (): number => Number(clock.read().realNs / 1_000_000n);
  const resolveContext = { cache, lookup, timeoutMs: settings.timeout, signal, nowMs };
  const targetsOf = (name: ServerName, addresses: readonly string[]): readonly Target[] =>
    addresses.map((address) => targetOf(name, address, health)).filter((target) => target !== null);
  const resolve = async (name: ServerName): Promise<void> => {
    const server = formatServerName(name);
    round.expect(server, name.host);
    const found = await resolveName(name.host, resolveContext);
    if (signal.aborted) return;
    if (found.ok) enter(round, name, targetsOf(name, found.addresses), context);
    else round.unresolvable(server, found.reason);
  };

  const lookups: Promise<void>[] = [];
  for (const name of names) {
    const literal = literalEndpoint(name);
    const cached = literal === null && cache.leftMs(name.host) > 0 ? cache.addresses(name.host) : null;
    if (literal !== null) enter(round, name, targetsOf(name, [literal.address]), context);
    else if (cached !== null) {
      cache.hits += 1;
      enter(round, name, targetsOf(name, cached), context);
    } else lookups.push(resolve(name));
  }
  return lookups;
}

/** Queries all addresses of all servers at once and evaluates the answers. */
export async function measureServers(context: MeasureContext): Promise<ServerMeasurement> {
  const { settings, clock, signal, askAll } = context;
  const servers = serversOf(settings);
  using transport = await openTransport(settings.transport, clock);
  const round = roundFor(context, transport);
  const deadlineRawNs = round.startRawNs + nsOfMs(settings.timeout);
  // Literal addresses need nothing from the store: their packets travel while it is opened. Only with kernel
  // timestamps, as otherwise an answer would be stamped only when the event loop gets to it.
  const early =
    askAll && transport.kind === "kernel" && !settings.nts
      ? servers.filter((name) => literalEndpoint(name) !== null)
      : [];
  for (const name of early) {
    const target = targetOf(name, name.host, new Map());
    enter(round, name, target === null ? [] : [target], context);
  }
  sendDue(round, { transport, clock });
  await context.open();
  await using sealed = context.nts()?.begin(round, signal) ?? null;
  const seal = (due: readonly Outgoing[]): readonly Outgoing[] => sealed?.seal(due) ?? due;
  // The same goes for servers whose cookies are at hand.
  if (sealed !== null) sendDue(round, { transport, clock, seal });
  context.restore();
  const ended = new AbortController();
  const late = sealed === null ? servers.filter((name) => !early.includes(name)) : [];
  const lookups = enterNames(round, late, context, AbortSignal.any([signal, ended.signal]));
  const ending = await query(round, { transport, clock, deadlineRawNs, signal, seal });
  const assessment = assess(round, ending, clock.read(), {
    minServers: settings.minServers,
  });
  ended.abort();
  await Promise.all(lookups);
  return { assessment, ending, peers: round.peers, transport: transport.kind };
}
