import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { ipFamily } from "./ip-address.ts";
import type { Roots } from "./x509/roots.ts";

export interface TlsOptions {
  /** The name sent to the server (SNI) and checked against its certificate. */
  readonly host: string;
  /** Where to connect; the host itself to leave that to the resolver. */
  readonly address: string;
  readonly port: number;
  readonly roots: Roots;
  /** The application protocol to negotiate (RFC 7301), with TLS 1.3 only; null: any. */
  readonly protocol: string | null;
  readonly signal: AbortSignal;
}

/**
 * Opens a TLS connection whose server is not verified yet: see x509/peer.ts.
 *
 * @throws Error if there is no connection before the signal aborts.
 */
export function connectTls({ host, address, port, roots, protocol, signal }: TlsOptions): Promise<TLSSocket> {
  const options: ConnectionOptions = {
    host: address,
    port,
    // Verified by the caller, as the clock may be wrong.
    rejectUnauthorized: false,
    secureContext: roots.context(),
    ...(ipFamily(host) === 0 ? { servername: host } : {}),
    ...(protocol === null ? {} : { ALPNProtocols: [protocol], minVersion: "TLSv1.3" }),
  };
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Error("no answer in time"));
      return;
    }
    const socket = connect(options);
    const onAbort = (): void => {
      socket.destroy();
      reject(new Error("no answer in time"));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("close", () => {
      signal.removeEventListener("abort", onAbort);
      reject(new Error("it closed the connection"));
    });
    socket.once("secureConnect", () => resolve(socket));
    // Never removed: a later error must not crash the process.
    socket.on("error", reject);
  });
}
