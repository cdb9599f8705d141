import { HttpClient } from "../../lib/http/client.ts";
import { routeTo } from "../../lib/http/route.ts";
import { VERSION } from "../../lib/version.ts";
import { type FleetAccess, tokenFor } from "./access.ts";
import { requireSafe } from "./board-url.ts";

/** The result of a request to another board. */
export type BoardReply =
  | { readonly type: "told"; readonly body: Buffer }
  /** The token is missing, wrong, or was wrong too many times. */
  | { readonly type: "refused"; readonly reason: string }
  /** It has no such node; `nodes` are the ones it has. */
  | { readonly type: "unknown-node"; readonly nodes: readonly string[] }
  /** It cannot be reached, or the answer is not from a board. */
  | { readonly type: "lost"; readonly reason: string };

const CONNECT_MS = 5_000;
const SILENCE_MS = 5_000;
/** Limit for one answer, both compressed and unpacked. */
const MOST_ANSWER_BYTES = 16 * 1_048_576;
const MOST_NAMES = 200;

/** The node names in a 404 for an unknown node; null if the 404 has another reason. */
function knownNodes(text: string): readonly string[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const told = typeof value === "object" && value !== null && "nodes" in value ? value.nodes : null;
  if (!Array.isArray(told)) return null;
  return told
    .filter((name) => typeof name === "string" && name.length <= 64)
    .slice(0, MOST_NAMES) as string[];
}

/**
 * Sends requests to one other board. Whatever the board does, there is a result in bounded time and memory: redirects
 * are not followed, and bodies that are endless, too slow, or too large when unpacked are refused.
 */
export class BoardClient implements Disposable {
  readonly #http: HttpClient;

  /** @throws Failure (usage) for a URL that is not allowed. */
  constructor(url: string, access: FleetAccess) {
    requireSafe(url, access.insecureHttp);
    const token = tokenFor(access.tokens, url);
    this.#http = new HttpClient({
      route: routeTo({
        url,
        what: "a board's URL",
        proxy: access.proxy,
        ca: access.ca ?? undefined,
        maxBodyBytes: MOST_ANSWER_BYTES,
      }),
      headers: {
        "User-Agent": `nodupe/${VERSION}`,
        "Accept-Encoding": "zstd, gzip",
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      },
      connectTimeoutMs: CONNECT_MS,
      silenceTimeoutMs: SILENCE_MS,
      now: Date.now,
    });
  }

  /** `alsoOk`: a status other than 200 whose answer is accepted. */
  async get(
    path: string,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly alsoOk?: number },
  ): Promise<BoardReply> {
    const { timeoutMs, signal, alsoOk } = options;
    const exchange = await this.#http.exchange({ method: "GET", path, safe: true, timeoutMs }, signal);
    if (exchange.type === "lost") return { type: "lost", reason: exchange.error.message };
    if (exchange.type === "withdrawn") throw exchange.error;
    const { status, body, text, undecoded } = exchange.answer;
    if (undecoded !== null) return { type: "lost", reason: "its answer cannot be unpacked, or is too large" };
    if (status === 200 || status === alsoOk) return { type: "told", body };
    if (status === 401 || status === 403) return { type: "refused", reason: "it refuses the token" };
    if (status === 429)
      return { type: "refused", reason: "it got too many wrong tokens from here, and waits" };
    if (status === 421)
      return { type: "lost", reason: "it is not called by that name (allowed_host in its [serve])" };
    const nodes = status === 404 ? knownNodes(text) : null;
    if (nodes !== null) return { type: "unknown-node", nodes };
    if (status >= 300 && status < 400)
      return { type: "lost", reason: `it redirects (HTTP ${status}); name the address that it redirects to` };
    return { type: "lost", reason: `what answers there is no nodupe serve of this version (HTTP ${status})` };
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }
}
