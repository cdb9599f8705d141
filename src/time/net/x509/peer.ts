import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { certifiesHost, verifyChain } from "./chain.ts";
import type { Roots } from "./roots.ts";

/** What a server's certificate chain is worth. */
export type PeerVerdict =
  | {
      readonly ok: true;
      /** All of the chain is valid between these moments: no time outside may come from this server. */
      readonly notBeforeMs: number;
      readonly notAfterMs: number;
      /** Whether it is so by this machine's clock too; where not, the server alone is not to be believed. */
      readonly isValidNow: boolean;
    }
  | { readonly ok: false; readonly reason: string };

/** The engine's complaints about dates, which may hide others. */
const ABOUT_DATES: ReadonlySet<string> = new Set(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"]);

/** The server's own certificate, then what it sent beside it. */
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

/** The engine's code; null where it has nothing to complain of. */
function engineComplaint(socket: TLSSocket): string | null {
  if (socket.authorized) return null;
  const error: unknown = socket.authorizationError;
  if (typeof error === "string") return error;
  return error instanceof Error && "code" in error ? String(error.code) : "it was not verified";
}

/**
 * Judges the server at the other end of a TLS connection that was opened with `rejectUnauthorized: false` and the same
 * roots. The engine's word counts, but where it complains of dates the chain is checked by hand (see chain.ts).
 *
 * @param floorMs a moment that has certainly passed: a chain that ended before is refused whatever the clock says.
 */
export function verifyPeer(socket: TLSSocket, host: string, roots: Roots, floorMs: number): PeerVerdict {
  const chain = chainOf(socket);
  const [leaf] = chain;
  if (leaf === undefined) return { ok: false, reason: "it sent no certificate" };
  const code = engineComplaint(socket);
  const byHand = verifyChain(chain, host, roots.all());
  const isRefused = code !== null && !ABOUT_DATES.has(code);
  // Where both refuse it, what was found by hand says more than a code.
  if (!byHand.ok && (code !== null || !certifiesHost(leaf, host))) return byHand;
  if (isRefused) return { ok: false, reason: `its certificate is refused (${code})` };
  // The engine may have found a way that is not found here: then the server's own dates are what is known.
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
