import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { certifiesHost, verifyChain } from "./chain.ts";
import type { Roots } from "./roots.ts";

/** The verdict on a server's certificate chain. */
export type PeerVerdict =
  | {
      readonly ok: true;
      /** The whole chain is valid between these moments: a time outside must not be accepted from this server. */
      readonly notBeforeMs: number;
      readonly notAfterMs: number;
      /** Whether it is valid by this machine's clock too; if not, the server must not be trusted on its own. */
      readonly isValidNow: boolean;
    }
  | { readonly ok: false; readonly reason: string };

/** The engine's date errors, which may hide others. */
const ABOUT_DATES: ReadonlySet<string> = new Set(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"]);

/** The server's own certificate, then the others that it sent. */
function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}

/** The engine's error code; null if it accepts the server. */
function engineComplaint(socket: TLSSocket): string | null {
  if (socket.authorized) return null;
  const error: unknown = socket.authorizationError;
  if (typeof error === "string") return error;
  return error instanceof Error && "code" in error ? String(error.code) : "it was not verified";
}

/**
 * Verifies the server at the other end of a TLS connection that was opened with `rejectUnauthorized: false` and the
 * same roots. The engine decides, except for date errors, where our own check of the chain decides (see chain.ts).
 *
 * @param floorMs a moment that has certainly passed: chains that expired before are refused whatever the clock says.
 */
export function verifyPeer(socket: TLSSocket, host: string, roots: Roots, floorMs: number): PeerVerdict {
  const chain = chainOf(socket);
  const [leaf] = chain;
  if (leaf === undefined) return { ok: false, reason: "it sent no certificate" };
  const code = engineComplaint(socket);
  const byHand = verifyChain(chain, host, roots.all());
  const isRefused = code !== null && !ABOUT_DATES.has(code);
  // If both refuse it, our own check gives a better reason than a code.
  if (!byHand.ok && (code !== null || !certifiesHost(leaf, host))) return byHand;
  if (isRefused) return { ok: false, reason: `its certificate is refused (${code})` };
  // The engine may have found a path that we do not find: only the server's own dates are known then.
  const { notBeforeMs, notAfterMs } = byHand.ok
    ? byHand
    : { notBeforeMs: Date.parse(leaf.validFrom), notAfterMs: Date.parse(leaf.validTo) };
  if (notAfterMs < floorMs)
    return {
      ok: false,
      reason: `its certificate expired on ${new Date(notAfterMs).toISOString().slice(0, 10)}`,
    };
  return { ok: true, notBeforeMs, notAfterMs, isValidNow: code === null };
}
