import { randomBytes } from "node:crypto";
import { messageOf } from "../../../lib/errors.ts";
import type { Outgoing, Peer, Target } from "../../ntp/peer.ts";
import type { Awaited, Round } from "../../ntp/round.ts";
import type { Resolution } from "../resolve.ts";
import { formatServerName, literalEndpoint, type ServerName } from "../server-name.ts";
import type { Roots } from "../x509/roots.ts";
import { Association } from "./association.ts";
import type { CookieJar } from "./cookie-jar.ts";

/** Limits the addresses queried per server, as each takes a cookie. */
const MOST_ADDRESSES = 4;
/** A key exchange takes four round trips before the time request can be sent: the least time to wait for it. */
const EXCHANGE: Awaited = { patienceNs: 2_000_000_000n, late: "no keys: no key exchange in time" };

export interface NtsContext {
  /** The key exchange servers. */
  readonly servers: readonly ServerName[];
  /** Null if there is no store. */
  readonly jar: CookieJar | null;
  /** Called only for a key exchange: a run with cookies needs no authorities. */
  readonly roots: () => Promise<Roots>;
  readonly resolve: (host: string) => Promise<Resolution>;
  /** The system clock in Unix milliseconds. */
  readonly nowMs: () => number;
  /** A moment that has certainly passed: chains that expired before it are refused. */
  readonly floorMs: number;
}

interface NtsRoundContext extends NtsContext {
  /** By server; a new exchange replaces the entry. */
  readonly associations: Map<string, Association>;
  readonly signal: AbortSignal;
}

/**
 * Whether earlier keys have become useless: the server forgot them, has moved, is silent after three requests, or has
 * a new certificate since the one under which they were exchanged has expired.
 */
function isUseless({ samples, hasNak, end, canSend }: Peer): boolean {
  if (samples.length > 0) return false;
  // Any other end was signed by the server.
  return end === null ? hasNak || !canSend : end.type === "refused" || end.type === "expired";
}

/** The key exchanges of one round, and the sealing of its requests. */
export class NtsRound implements AsyncDisposable {
  readonly #round: Round;
  readonly #context: NtsRoundContext;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  /** None of them rejects. */
  readonly #tasks: Promise<void>[] = [];
  /** Servers that exchange keys in this round: one exchange is enough. */
  readonly #exchanged = new Set<ServerName>();

  constructor(round: Round, context: NtsRoundContext) {
    this.#round = round;
    this.#context = context;
    this.#signal = AbortSignal.any([context.signal, this.#ended.signal]);
    for (const name of context.servers) {
      const server = formatServerName(name);
      const association = context.associations.get(server);
      round.expect(server, name.host, EXCHANGE);
      association?.forgetSent();
      // Servers renew their certificates. By a clock that is ahead this costs no more than an exchange.
      const isUsable = association !== undefined && association.agreed.notAfterMs >= context.nowMs();
      if (isUsable && association.hasCookies) this.#tasks.push(this.#ask(name, association));
      else this.#tasks.push(this.#exchange(name));
    }
  }

  /**
   * Seals the requests that are due. Cookies from the store are deleted there first, in one commit for all
   * requests. Servers whose cookies have become useless exchange keys anew.
   */
  seal(due: readonly Outgoing[]): readonly Outgoing[] {
    this.#renew();
    const cookies = this.#takeStored(due);
    return due.flatMap((outgoing) => {
      const { association } = outgoing.peer.target;
      const cookie = cookies.get(outgoing) ?? association?.takeFresh();
      if (association === undefined || cookie === undefined) {
        this.#round.notSent(outgoing, "no cookie is left for it");
        return [];
      }
      return [{ ...outgoing, bytes: association.seal(outgoing.bytes, outgoing.cookie, cookie) }];
    });
  }

  #takeStored(due: readonly Outgoing[]): ReadonlyMap<Outgoing, Uint8Array> {
    const { jar } = this.#context;
    const asked = due.flatMap((outgoing) => {
      const { association } = outgoing.peer.target;
      const id = association?.takesFromStore === true ? association.id : null;
      return association === undefined || id === null ? [] : [{ outgoing, association, id }];
    });
    if (jar === null || asked.length === 0) return new Map();
    let taken: readonly (Uint8Array | null)[] = [];
    try {
      taken = jar.take(asked.map(({ id }) => id));
    } catch {
      // Locked, full or read-only: a cookie that cannot be deleted is not sent; keys are exchanged instead.
    }
    return new Map(
      asked.flatMap(({ outgoing, association }, index) => {
        const cookie = taken[index] ?? null;
        association.tookFromStore(cookie !== null);
        return cookie === null ? [] : [[outgoing, cookie] as const];
      }),
    );
  }

  #renew(): void {
    for (const name of this.#context.servers) {
      if (this.#exchanged.has(name)) continue;
      const server = formatServerName(name);
      const peers = this.#round.peers.filter(({ target }) => target.server === server);
      if (peers.length === 0 || !peers.every(isUseless)) continue;
      this.#round.renew(server);
      this.#tasks.push(this.#exchange(name));
    }
  }

  /** Exchanges keys, then adds the server's addresses to the round. Never throws. */
  async #exchange(name: ServerName): Promise<void> {
    this.#exchanged.add(name);
    const { resolve, roots, floorMs, associations } = this.#context;
    const server = formatServerName(name);
    try {
      const literal = literalEndpoint(name);
      const [{ exchangeKeys }, found, trusted] = await Promise.all([
        import("./key-exchange.ts"),
        literal === null ? resolve(name.host) : { ok: true as const, addresses: [literal.address] },
        roots(),
      ]);
      if (!found.ok) throw new Error(found.reason);
      const options = { roots: trusted, floorMs, signal: this.#signal };
      const exchanged = await exchangeKeys(name, found.addresses, options);
      if (!exchanged.ok) throw new Error(`no keys: ${exchanged.reason}`);
      const { agreed, cookies, isValidNow } = exchanged;
      const association = new Association(agreed, { isValidNow, kept: null, cookies, random: randomBytes });
      associations.set(server, association);
      await this.#ask(name, association);
    } catch (error) {
      this.#round.unresolvable(server, messageOf(error));
    }
  }

  /** Adds the addresses of the time server named by the exchange: at once if there is no name to resolve. */
  async #ask(name: ServerName, association: Association): Promise<void> {
    const server = formatServerName(name);
    const { host, port } = association.agreed.ntp;
    const known = association.address ?? literalEndpoint({ host, port })?.address ?? null;
    const found =
      known === null ? await this.#context.resolve(host) : { ok: true as const, addresses: [known] };
    if (!found.ok) {
      this.#round.unresolvable(server, found.reason);
      return;
    }
    const endpoints = found.addresses.flatMap((address) => literalEndpoint({ host: address, port }) ?? []);
    const targets = endpoints.slice(0, MOST_ADDRESSES).map((endpoint): Target => {
      return { server, host: name.host, endpoint, expectedDelayNs: null, association };
    });
    this.#round.renewed(server, targets);
  }

  /** Cancels the exchanges still running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#tasks);
    for (const { samples, target } of this.#round.peers)
      if (samples.length > 0 && target.association !== undefined)
        target.association.address = target.endpoint.address;
  }
}
