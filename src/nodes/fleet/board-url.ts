import { Failure } from "../../lib/errors.ts";
import { isLoopback } from "../../lib/http/host.ts";

/** A node that another board's `serve` has. */
export interface RemoteNode {
  readonly name: string;
  /** As `parseBoardUrl` writes it. */
  readonly url: string;
}

/** A board's URL in the one form it is known by: no slash at its end. null where it is none, or holds more than a place. */
export function parseBoardUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return null;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return null;
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** `NAME@URL`; null where the text is something else, since names and files may hold an `@` too. */
export function parseRemoteNode(text: string): RemoteNode | null {
  const [, name, place] = /^([^=]+?)@(https?:\/\/.*)$/is.exec(text) ?? [];
  if (name === undefined || place === undefined) return null;
  const url = parseBoardUrl(place);
  if (url === null)
    throw new Failure("usage", `${text}: expected NAME@URL, such as pi-2@https://attic.lan:8443`);
  return { name, url };
}

/**
 * @throws Failure usage for plain http to another machine, where the token and all figures could be read and changed on
 * their way.
 */
export function requireSafe(url: string, isAllowed: boolean): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || isLoopback(hostname) || isAllowed) return;
  throw new Failure(
    "usage",
    `${url} is plain http to another machine: expected https, or insecure_http in [fleet] (--insecure-http)`,
  );
}

/** How nodes are called in an answer: by name, those of other boards with their URL where two would be alike. */
export function labelsOf(
  nodes: readonly { readonly name: string; readonly url: string | null }[],
): readonly string[] {
  return nodes.map(({ name, url }) => {
    const isAlike = nodes.filter((other) => other.name === name).length > 1;
    return url !== null && isAlike ? `${name}@${url}` : name;
  });
}
