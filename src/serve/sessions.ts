import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";

const COOKIE = "nodupe_session";
const SESSION_MS = 12 * 3_600_000;
const MOST_SESSIONS = 200;
/** How many wrong tokens one address, and all addresses together, may send within a minute before they have to wait. */
const MOST_WRONG = 5;
const MOST_WRONG_IN_ALL = 50;
const WRONG_WINDOW_MS = 60_000;

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

export type LoginResult =
  | { readonly type: "in"; readonly cookie: string }
  | { readonly type: "wrong" }
  | { readonly type: "wait"; readonly seconds: number };

export type Access = { readonly type: "in" } | Exclude<LoginResult, { readonly type: "in" }>;

/**
 * Decides who may read the board. Callers send the token, or a session that was opened with it. A session is a random
 * number of which only the digest is kept. Without a token, everybody who can reach the board may read it.
 */
export class Sessions {
  readonly #token: Buffer | null;
  readonly #isSecure: boolean;
  readonly #sessions: LRUCache<string, true>;
  readonly #wrong: LRUCache<string, number>;

  constructor(options: {
    readonly token: string | null;
    readonly isSecure: boolean;
    /** Milliseconds of a monotonic clock. */
    readonly now: () => number;
  }) {
    this.#token = options.token === null ? null : digest(options.token);
    this.#isSecure = options.isSecure;
    const perf = { now: options.now };
    this.#sessions = new LRUCache({ max: MOST_SESSIONS, ttl: SESSION_MS, ttlResolution: 0, perf });
    this.#wrong = new LRUCache({ max: 1_000, ttl: WRONG_WINDOW_MS, ttlResolution: 0, perf });
  }

  get isOpen(): boolean {
    return this.#token === null;
  }

  /** Whether a request with these headers, from this address, may be answered. */
  access(headers: Headers, address: () => string): Access {
    if (this.#token === null) return { type: "in" };
    const session = this.#sessionOf(headers.get("cookie"));
    if (session !== null && this.#sessions.has(session)) return { type: "in" };
    const bearer = /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (bearer === undefined) return { type: "wrong" };
    return this.#check(bearer, address());
  }

  /** Opens a session if the token is right. */
  login(token: string, address: string): LoginResult {
    const access = this.#check(token, address);
    if (access.type !== "in") return access;
    const word = randomBytes(32).toString("base64url");
    this.#sessions.set(digest(word).toString("hex"), true);
    const flags = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_MS / 1_000}${this.#isSecure ? "; Secure" : ""}`;
    return { type: "in", cookie: `${COOKIE}=${word}; ${flags}` };
  }

  /** Ends the session that these headers name; returns the Set-Cookie header. */
  logout(headers: Headers): string {
    const session = this.#sessionOf(headers.get("cookie"));
    if (session !== null) this.#sessions.delete(session);
    return `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;
  }

  #check(token: string, address: string): Access {
    const waitMs = Math.max(this.#waitMs(address, MOST_WRONG), this.#waitMs("", MOST_WRONG_IN_ALL));
    if (waitMs > 0) return { type: "wait", seconds: Math.ceil(waitMs / 1_000) };
    if (this.#token === null || timingSafeEqual(digest(token), this.#token)) return { type: "in" };
    this.#count(address);
    this.#count("");
    return { type: "wrong" };
  }

  #waitMs(address: string, most: number): number {
    if ((this.#wrong.get(address) ?? 0) < most) return 0;
    return this.#wrong.getRemainingTTL(address);
  }

  /** Counts a wrong token. The minute runs from the first one; further ones do not prolong it. */
  #count(address: string): void {
    const before = this.#wrong.get(address) ?? 0;
    const ttl = before === 0 ? WRONG_WINDOW_MS : this.#wrong.getRemainingTTL(address);
    this.#wrong.set(address, before + 1, { ttl });
  }

  #sessionOf(cookies: string | null): string | null {
    const word = cookies
      ?.split(";")
      .map((cookie) => cookie.trim())
      .find((cookie) => cookie.startsWith(`${COOKIE}=`))
      ?.slice(COOKIE.length + 1);
    return word === undefined ? null : digest(word).toString("hex");
  }
}
