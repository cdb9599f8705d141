import { Failure } from "../errors.ts";
import type { Route } from "./connection.ts";
import { chooseProxy, type ProxySettings } from "./proxy.ts";

export interface RouteOptions {
  readonly url: string;
  /** What the URL belongs to, as the start of a message: `the API's URL`. */
  readonly what: string;
  readonly proxy?: ProxySettings | undefined;
  /** Authorities to trust besides the built-in ones, in PEM. */
  readonly ca?: string | undefined;
  readonly maxBodyBytes?: number;
}

/** Throws a usage failure if the URL or the proxy cannot be used. */
export function routeTo({ url: text, what, proxy, ca, maxBodyBytes }: RouteOptions): Route {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new Failure("usage", `${what} is not one; expected https://HOST[:PORT][/PATH]`);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new Failure(
      "usage",
      `${what} holds more than a host and a path; expected https://HOST[:PORT][/PATH]`,
    );
  return {
    url,
    proxy: proxy === undefined ? null : chooseProxy(url, proxy),
    // A list of authorities replaces the built-in ones, so they are added to it. node:tls takes 14 ms to load and
    // few users have a private authority, so it is loaded only here.
    ca: ca === undefined ? undefined : [...process.getBuiltinModule("node:tls").rootCertificates, ca],
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
  };
}
