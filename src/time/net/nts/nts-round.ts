import { randomBytes } from "node:crypto";
import { messageOf } from "../../../lib/errors.ts";
import type { Outgoing, Peer, Target } from "../../ntp/peer.ts";
import type { Awaited, Round } from "../../ntp/round.ts";
import type { Resolution } from "../resolve.ts";
import { formatServerName, literalEndpoint, type ServerName } from "../server-name.ts";
import type { Roots } from "../x509/roots.ts";
import { Association } from "./association.ts";
import type { CookieJar } from "./cookie-jar.ts";

/** Each address that is asked takes a cookie. */
const MOST_ADDRESSES = 4;
/** An exchange takes four round trips before the request for the time goes out: that long at the least it is awaited. */
const EXCHANGE: Awaited = { patienceNs: 2_000_000_000n, late: "no keys: no key exchange in time" };

export interface NtsContext {
  /** Where keys are exchanged. */
  readonly servers: readonly ServerName[];
  /** Null where there is no store. */
  readonly jar: CookieJar | null;
  /** Asked for where keys are exchanged: a run with cookies needs no authorities. */
  readonly roots: () => Promise<Roots>;
  readonly resolve: (host: string) => Promise<Resolution>;
  /** By this machine's clock, in Unix milliseconds. */
  readonly nowMs: () => number;
  /** A moment that has certainly passed: a chain that ended before it is of no use. */
  readonly floorMs: number;
}

interface NtsRoundContext extends NtsContext {
  /** By server; a new exchange replaces what is there. */
  readonly associations: Map<string, Association>;
  readonly signal: AbortSignal;
}

/** Whether keys of an earlier run bring nothing any more: the server forgot them, moved, or says nothing though asked thrice. */
function isUseless({ samples, hasNak, end, mayAsk }: Peer): boolean {
  if (samples.length > 0) return false;
  // What ended it otherwise was signed by the server.
  return end === null ? hasNak || !mayAsk : end.type === "refused";
}

/** One round's key exchanges, and the seal on its requests. */
export class NtsRound implements AsyncDisposable {
  readonly #round: Round;
  readonly #context: NtsRoundContext;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  /** None of them rejects. */
  readonly #tasks: Promise<void>[] = [];
  /** Servers whose keys are or were exchanged in this round: once is enough. */
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
      if (association?.hasCookies === true) this.#tasks.push(this.#ask(name, association));
      else this.#tasks.push(this.#exchange(name));
    }
  }

  /**
   * Makes of the requests that are due what is sent. Cookies of the store are deleted there before, in one commit for
   * all requests. Servers whose cookies brought nothing exchange keys anew.
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
      // Locked, full or not to be written: a cookie that cannot be deleted is not sent. Keys are exchanged instead.
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

  /** Exchanges keys, and has the server asked under them. Never throws. */
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

  /** Enters the addresses of the server that the exchange named: at once, where no name is to be resolved. */
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

  /** Ends the exchanges that are not done. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#tasks);
    for (const { samples, target } of this.#round.peers)
      if (samples.length > 0 && target.association !== undefined)
        target.association.address = target.endpoint.address;
  }
}
