import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { ipFamily } from "./ip-address.ts";
import type { Roots } from "./x509/roots.ts";

export interface TlsOptions {
  /** By whose name the server is asked, and its certificate judged. */
  readonly host: string;
  /** Where it is; the host itself where that is left to the resolver. */
  readonly address: string;
  readonly port: number;
  readonly roots: Roots;
  /** The application protocol to agree on (RFC 7301), with TLS 1.3 alone; null: whatever there is. */
  readonly protocol: string | null;
  readonly signal: AbortSignal;
}

/**
 * Opens a TLS connection to a server that is not verified yet: see x509/peer.ts.
 *
 * @throws Error where there is no connection before the signal.
 */
export function connectTls({ host, address, port, roots, protocol, signal }: TlsOptions): Promise<TLSSocket> {
  const options: ConnectionOptions = {
    host: address,
    port,
    // Verified by the caller, since the clock may be wrong.
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
    // For good: an error that comes later must not end the process.
    socket.on("error", reject);
  });
}
