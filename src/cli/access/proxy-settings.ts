import type { ProxySettings } from "../../lib/http/proxy.ts";

/** The proxies set in the environment, in upper or lower case. */
export function proxySettings(environment: Readonly<Record<string, string | undefined>>): ProxySettings {
  const variable = (name: string): string | null =>
    environment[name] ?? environment[name.toLowerCase()] ?? null;
  return {
    httpProxy: variable("HTTP_PROXY"),
    httpsProxy: variable("HTTPS_PROXY"),
    allProxy: variable("ALL_PROXY"),
    noProxy: variable("NO_PROXY"),
  };
}
