import type { Socket } from "node:net";
import { codeOf, reasonOf } from "../lib/errors.ts";
import { refusalOf, SharedStoreError, unreachable } from "./shared-store-error.ts";

export interface Address {
  readonly url: URL;
  /** Further authorities to trust, in PEM; null: only the built-in ones. */
  readonly ca: string | null;
}

/** All authorities to trust: a list replaces the built-in ones, so it has to include them. */
export function authorities(ca: string | null): string[] | undefined {
  if (ca === null) return undefined;
  return [...process.getBuiltinModule("node:tls").rootCertificates, ca];
}

const untrusted = (message: string): SharedStoreError =>
  new SharedStoreError("unreachable", message, { isPassing: false });

function connectionFault(error: unknown, { hostname }: URL): SharedStoreError {
  const code = codeOf(error) ?? "";
  const reason = reasonOf(error);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return untrusted(`its certificate is not made out to ${hostname}; name it as the certificate does`);
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return untrusted(`its certificate is not valid at this time (${reason}); check the clock: nodupe time`);
  if (/CERT|SIGNATURE|ISSUER/.test(code))
    return untrusted(
      `its certificate is signed by an unknown authority (${reason}); name a private authority with --ca-file`,
    );
  if (/SSL|TLS|EPROTO/.test(code) || /ssl|tls/i.test(reason))
    return unreachable(`it does not answer in TLS (${reason}); without TLS it is redis://`);
  if (code === "ECONNREFUSED") return unreachable("nothing listens there (connection refused)");
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return unreachable(`the host ${hostname} is not known`);
  return unreachable(reason === "" ? "the connection was closed" : reason);
}

/** The first commands, each answered by one line: log in, select the database, PING. */
function greeting({ username, password, pathname }: URL): string {
  const words = [
    ...(password === "" ? [] : [["AUTH", ...(username === "" ? [] : [username]), password]]),
    ...(pathname.length > 1 ? [["SELECT", pathname.slice(1)]] : []),
    ["PING"],
  ].map((command) => command.map((word) => decodeURIComponent(word)));
  const text = words.map((command) => {
    const parts = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    return `*${command.length}\r\n${parts.join("")}`;
  });
  return text.join("");
}

function connect({ url, ca }: Address): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port === "" ? 6_379 : url.port);
  if (url.protocol === "redis:") return process.getBuiltinModule("node:net").connect({ host, port });
  const trusted = authorities(ca);
  const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  const options = { host, port, ...named, ...(trusted === undefined ? {} : { ca: trusted }) };
  return process.getBuiltinModule("node:tls").connect(options);
}

/**
 * Why the connection failed, for Bun's client says `Connection closed` whatever the reason. Speaks to the server itself,
 * for `timeoutMs` at most.
 */
export async function diagnose(address: Address, timeoutMs: number): Promise<SharedStoreError> {
  const { url } = address;
  const { promise, resolve } = Promise.withResolvers<SharedStoreError>();
  const closed = unreachable(
    url.protocol === "redis:"
      ? "it closed the connection without a word; with TLS it is rediss://"
      : "it closed the connection without a word; does it ask for a certificate of ours?",
  );
  const timer = setTimeout(() => resolve(unreachable(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const socket = connect(address);
  let heard = "";
  socket.on(url.protocol === "redis:" ? "connect" : "secureConnect", () => socket.write(greeting(url)));
  socket.on("data", (bytes: Buffer) => {
    heard += bytes.toString("latin1");
    const fault = /^-([^\r\n]*)\r\n/m.exec(heard)?.[1];
    if (fault !== undefined) resolve(refusalOf(fault) ?? unreachable(fault));
    // It works now, so the next attempt will show.
    else if (heard.includes("+PONG\r\n")) resolve(unreachable("the connection was closed"));
    else if (!/^[+:$*]/.test(heard)) resolve(unreachable("what answers there is not Redis"));
  });
  socket.on("error", (error: unknown) => resolve(connectionFault(error, url)));
  socket.on("close", () => resolve(closed));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
