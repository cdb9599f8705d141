import { Failure } from "../../lib/errors.ts";
import { isLoopback } from "../../lib/http/host.ts";

/** A node of another board, which runs `nodupe serve`. */
export interface RemoteNode {
  readonly name: string;
  /** In the form that `parseBoardUrl` returns. */
  readonly url: string;
}

/**
 * Normalises a board's URL: no slash at its end. null if it is not a URL, or has more than a host, a port and a path.
 */
export function parseBoardUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return null;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return null;
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** Parses `NAME@URL`; null if the text is something else, since names and files may contain an `@` too. */
export function parseRemoteNode(text: string): RemoteNode | null {
  const [, name, place] = /^([^=]+?)@(https?:\/\/.*)$/is.exec(text) ?? [];
  if (name === undefined || place === undefined) return null;
  const url = parseBoardUrl(place);
  if (url === null)
    throw new Failure("usage", `${text}: expected NAME@URL, such as pi-2@https://attic.lan:8443`);
  return { name, url };
}

/**
 * @throws Failure (usage) for plain http to another machine: others could read and change the token and all figures on
 * the way.
 */
export function requireSafe(url: string, isAllowed: boolean): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || isLoopback(hostname) || isAllowed) return;
  throw new Failure(
    "usage",
    `${url} is plain http to another machine: expected https, or insecure_http in [fleet] (--insecure-http)`,
  );
}

/** The labels of nodes in an answer: their names, with the board's URL if two names would be alike. */
export function labelsOf(
  nodes: readonly { readonly name: string; readonly url: string | null }[],
): readonly string[] {
  return nodes.map(({ name, url }) => {
    const isAlike = nodes.filter((other) => other.name === name).length > 1;
    return url !== null && isAlike ? `${name}@${url}` : name;
  });
}
