import type { TLSSocket } from "node:tls";
import { messageOf } from "../../../lib/errors.ts";
import { wait } from "../../../lib/wait.ts";
import type { ServerName } from "../server-name.ts";
import { connectTls } from "../tls-connection.ts";
import { verifyPeer } from "../x509/peer.ts";
import type { Roots } from "../x509/roots.ts";
import { KEY_BYTES } from "./aes-siv.ts";
import type { Agreed } from "./cookie-jar.ts";
import { decodeAnswer, encodeRequest, type KeyExchangeAnswer } from "./records.ts";

const PROTOCOL = "ntske/1";
const EXPORTER_LABEL = "EXPORTER-network-time-security";
const NTP_PORT = 123;
const LATE = "no key exchange in time";
/** If an address has not answered for this long, the server's next address is tried. */
const NEXT_ADDRESS_MS = 250;

/** The outcome of a key exchange. */
export type KeyExchange =
  | {
      readonly ok: true;
      readonly agreed: Agreed;
      readonly cookies: readonly Uint8Array[];
      /** Whether the server's certificates are valid by this machine's clock. */
      readonly isValidNow: boolean;
    }
  | { readonly ok: false; readonly reason: string };

export interface KeyExchangeOptions {
  readonly roots: Roots;
  /** A moment that has certainly passed, in Unix milliseconds. */
  readonly floorMs: number;
  /** Cancels everything. */
  readonly signal: AbortSignal;
}

/** The context of RFC 8915, section 5.1: protocol 0, the algorithm, and the direction. */
function exportKey(socket: TLSSocket, aead: number, direction: 0 | 1): Uint8Array {
  const context = Buffer.from([0, 0, aead >> 8, aead & 0xff, direction]);
  return Uint8Array.from(socket.exportKeyingMaterial(KEY_BYTES, EXPORTER_LABEL, context));
}

/** Sends the request and reads the answer as far as necessary. @throws Error */
function converse(socket: TLSSocket, signal: AbortSignal): Promise<KeyExchangeAnswer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const decoded = decodeAnswer(received);
      if (decoded.type === "answer") resolve(decoded.answer);
      else if (decoded.type === "refused") reject(new Error(decoded.reason));
    });
    socket.on("error", reject);
    const onClose = (): void => {
      reject(
        new Error(
          signal.aborted ? "no answer in time" : "it closed the connection before its answer was complete",
        ),
      );
    };
    socket.on("end", onClose);
    socket.on("close", onClose);
    socket.write(encodeRequest());
  });
}

async function exchangeAt(
  address: string,
  server: ServerName,
  options: KeyExchangeOptions,
): Promise<KeyExchange> {
  const { roots, floorMs, signal } = options;
  const { host, port } = server;
  try {
    const socket = await connectTls({ host, address, port, roots, protocol: PROTOCOL, signal });
    try {
      if (socket.alpnProtocol !== PROTOCOL || socket.getProtocol() !== "TLSv1.3")
        return { ok: false, reason: "it does not speak NTS (ntske/1 over TLS 1.3)" };
      const verdict = verifyPeer(socket, host, roots, floorMs);
      if (!verdict.ok) return verdict;
      const { aead, cookies, server: named, port: namedPort } = await converse(socket, signal);
      const { notBeforeMs, notAfterMs, isValidNow } = verdict;
      const [c2s, s2c] = [exportKey(socket, aead, 0), exportKey(socket, aead, 1)];
      const ntp = { host: named ?? host, port: namedPort ?? NTP_PORT };
      return { ok: true, agreed: { aead, c2s, s2c, ntp, notBeforeMs, notAfterMs }, cookies, isValidNow };
    } finally {
      socket.destroy();
    }
  } catch (error) {
    return { ok: false, reason: signal.aborted ? LATE : messageOf(error) };
  }
}

/**
 * Exchanges keys with a server (RFC 8915, section 4). Its addresses are tried in turn, the next one as soon as one
 * has failed or has not answered for a while; the first success ends the others.
 */
export async function exchangeKeys(
  server: ServerName,
  addresses: readonly string[],
  options: KeyExchangeOptions,
): Promise<KeyExchange> {
  const won = new AbortController();
  const signal = AbortSignal.any([options.signal, won.signal]);
  const attempts: Promise<KeyExchange>[] = [];
  for (const address of addresses) {
    if (signal.aborted) break;
    const attempt = exchangeAt(address, server, { ...options, signal }).then((found) => {
      if (found.ok) won.abort();
      return found;
    });
    attempts.push(attempt);
    await Promise.race([attempt, wait(NEXT_ADDRESS_MS, signal)]);
  }
  const ended = await Promise.all(attempts);
  const best = ended.find((found) => found.ok) ?? ended.find((found) => !found.ok && found.reason !== LATE);
  return best ?? { ok: false, reason: ended.length === 0 ? "it has no address" : LATE };
}
