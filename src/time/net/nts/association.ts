import { decodePacket } from "../../ntp/packet.ts";
import { AesSiv } from "./aes-siv.ts";
import type { Agreed, Kept } from "./cookie-jar.ts";
import { NONCE_BYTES, openAnswer, requestBytes, sealRequest, UNIQUE_ID_BYTES } from "./extension-fields.ts";
import { MOST_COOKIES } from "./records.ts";

/** A request with seven placeholders has 956 bytes, and networks drop such packets: so ask for a few at a time. */
const MOST_PLACEHOLDERS = 3;
const MOST_REQUEST_BYTES = 640;
const STRATUM_KISS = 0;
/** `NTSN` as reference id: the server does not know the cookie or cannot open the request. */
const NAK = 0x4e54_534e;

/** How far a datagram from the server can be trusted. */
export type Opened =
  | { readonly type: "authentic" }
  /** The server, or anyone who saw the request, says that the cookie is invalid (RFC 8915, section 5.7). */
  | { readonly type: "nak" }
  | { readonly type: "forged"; readonly reason: string };

interface Sent {
  readonly uniqueId: Uint8Array;
  /** How many cookies its answer will bring. */
  readonly cookies: number;
}

/** The keys shared with a server, and the requests sent under them in this run. */
export class Association {
  readonly agreed: Agreed;
  /** The last address that answered; null if none has. */
  address: string | null;
  /** Whether its certificate chain is valid by this machine's clock. If not, other servers must agree. */
  readonly isValidNow: boolean;
  /** Cookies in memory, from the key exchange or the answers of this run. */
  readonly #fresh: Uint8Array[];
  /** Its row in the store; null if it has none. */
  #id: number | null;
  /** How many more cookies are in the store. */
  #stored: number;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #toServer: AesSiv;
  /** Created when an answer comes, so as not to delay the request. */
  #fromServer: AesSiv | null = null;
  /** Keyed by the request's random transmit timestamp. */
  readonly #sent = new Map<bigint, Sent>();

  constructor(
    agreed: Agreed,
    options: {
      readonly isValidNow: boolean;
      /** From the store; null if from a key exchange in this run. */
      readonly kept: Pick<Kept, "id" | "cookies" | "address"> | null;
      readonly cookies: readonly Uint8Array[];
      readonly random: (bytes: number) => Uint8Array;
    },
  ) {
    this.agreed = agreed;
    this.isValidNow = options.isValidNow;
    this.#id = options.kept?.id ?? null;
    this.address = options.kept?.address ?? null;
    this.#stored = options.kept?.cookies ?? 0;
    this.#fresh = [...options.cookies];
    this.#random = options.random;
    this.#toServer = new AesSiv(agreed.c2s);
  }

  /** Whether the whole certificate chain is valid at this moment. */
  isValidAt(unixMs: number): boolean {
    return unixMs >= this.agreed.notBeforeMs && unixMs <= this.agreed.notAfterMs;
  }

  /** Call before another round: requests still unanswered are no longer waited for. */
  forgetSent(): void {
    this.#sent.clear();
  }

  get id(): number | null {
    return this.#id;
  }

  get hasCookies(): boolean {
    return this.#stored > 0 || this.#fresh.length > 0;
  }

  /** Whether the next cookie comes from the store, which holds the oldest ones. */
  get takesFromStore(): boolean {
    return this.#stored > 0;
  }

  /** @param found whether the store returned a cookie; otherwise it has none left. */
  tookFromStore(found: boolean): void {
    this.#stored = found ? this.#stored - 1 : 0;
  }

  /** Records that the store now has it in this row, with this many cookies. */
  keptAs(id: number, cookies: number): void {
    this.#id = id;
    this.#stored = cookies;
  }

  /** The oldest cookie in memory. */
  takeFresh(): Uint8Array | undefined {
    return this.#fresh.shift();
  }

  /** All cookies in memory, to be stored for the next run. */
  takeAllFresh(): readonly Uint8Array[] {
    return this.#fresh.splice(0);
  }

  /** Creates a request that only the server can attribute to us. A cookie is used once and never again. */
  seal(packet: Uint8Array, origin: bigint, cookie: Uint8Array): Uint8Array {
    const coming = [...this.#sent.values()].reduce((sum, sent) => sum + sent.cookies, 0);
    const missing = MOST_COOKIES - this.#stored - this.#fresh.length - coming - 1;
    let placeholders = Math.max(0, Math.min(MOST_PLACEHOLDERS, missing));
    while (placeholders > 0 && requestBytes(cookie.length, placeholders) > MOST_REQUEST_BYTES)
      placeholders -= 1;
    const uniqueId = this.#random(UNIQUE_ID_BYTES);
    this.#sent.set(origin, { uniqueId, cookies: 1 + placeholders });
    const nonce = this.#random(NONCE_BYTES);
    return sealRequest({ packet, uniqueId, cookie, placeholders, nonce }, this.#toServer);
  }

  /** Verifies a datagram and keeps the cookies that it brings. */
  open(bytes: Uint8Array): Opened {
    const packet = decodePacket(bytes);
    const sent = packet === null ? undefined : this.#sent.get(packet.origin);
    if (packet === null || sent === undefined)
      return { type: "forged", reason: "its origin timestamp does not echo what was sent" };
    this.#fromServer ??= new AesSiv(this.agreed.s2c);
    const opened = openAnswer(bytes, sent.uniqueId, this.#fromServer);
    switch (opened.type) {
      case "authentic":
        // Only one answer per request counts: a copy no longer matches anything sent.
        this.#sent.delete(packet.origin);
        this.#fresh.push(...opened.cookies);
        return { type: "authentic" };
      case "unauthenticated":
        return packet.stratum === STRATUM_KISS && packet.referenceId === NAK
          ? { type: "nak" }
          : { type: "forged", reason: "it is not authenticated" };
      case "forged":
        return opened;
    }
  }
}
