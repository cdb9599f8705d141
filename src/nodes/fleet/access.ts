import { Failure } from "../../lib/errors.ts";
import type { ProxySettings } from "../../lib/http/proxy.ts";
import { parseBoardUrl } from "./board-url.ts";

/** Credentials for other boards. Plain data, so that it can be passed to workers. */
export interface FleetAccess {
  readonly tokens: Tokens;
  /** PEM of certificate authorities to trust beside the built-in ones. */
  readonly ca: string | null;
  readonly insecureHttp: boolean;
  readonly proxy: ProxySettings;
}

interface Tokens {
  /** The token for boards without one of their own. */
  readonly common: string | null;
  readonly byUrl: Readonly<Record<string, string>>;
}

export const NO_TOKENS: Tokens = { common: null, byUrl: {} };

/** No other characters are allowed in a header. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Reads a token file: one token for all boards, or a line `URL TOKEN` for each; comments begin with `#`. */
export function parseTokens(text: string, file: string): Tokens {
  let common: string | null = null;
  const byUrl: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.trim().split(/\s+/);
    const [first = "", second] = words;
    if (first === "" || first.startsWith("#")) continue;
    const url = second === undefined ? null : parseBoardUrl(first);
    const token = second ?? first;
    // The error does not show the token.
    if (
      words.length > 2 ||
      (second !== undefined && url === null) ||
      !TOKEN.test(token) ||
      (url === null && common !== null)
    )
      throw new Failure(
        "usage",
        `the token file ${file}, line ${index + 1}: expected one token for all boards, or URL TOKEN for each`,
      );
    if (url === null) common = token;
    else byUrl[url] = token;
  }
  if (common === null && Object.keys(byUrl).length === 0)
    throw new Failure("usage", `the token file ${file} holds no token`);
  return { common, byUrl };
}

export function tokenFor({ common, byUrl }: Tokens, url: string): string | null {
  return byUrl[url] ?? common;
}
