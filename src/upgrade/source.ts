import { Failure } from "../lib/errors.ts";

/** Releases may come from https, or from plain http on this machine. */
export function isAllowed(url: URL): boolean {
  if (url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  const { hostname } = url;
  const isLoopback =
    hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return url.protocol === "http:" && isLoopback;
}

/** Parses the address of a folder of releases. */
export function parseSource(text: string): URL {
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (url === null || !isAllowed(url)) {
    throw new Failure(
      "usage",
      `cannot upgrade from ${JSON.stringify(text)}: expected a URL with https (plain http only to loopback)`,
    );
  }
  return url;
}
