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

const MISNAMED = "ERR_TLS_CERT_ALTNAME_INVALID";

const COMPLAINTS: Readonly<Record<string, string>> = {
  INVALID_PURPOSE: "its certificate is not for servers",
  PERMITTED_VIOLATION: "its chain has a name that an authority of it may not certify",
  EXCLUDED_VIOLATION: "its chain has a name that an authority of it may not certify",
  PATH_LENGTH_EXCEEDED: "its chain is longer than an authority of it allows",
  INVALID_CA: "a certificate of its chain is not an authority's",
  UNHANDLED_CRITICAL_EXTENSION: "a certificate of its chain has a critical extension that is not known",
  CERT_SIGNATURE_FAILURE: "its chain has a signature that does not hold",
};

/** Several complaints come to this: nobody who is trusted here stands behind it. */
const UNTRUSTED = "its certificate leads to no authority that is trusted here";
const UNTRUSTED_CODES = /^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_UNTRUSTED)/;

function complaint(code: string): string {
  return COMPLAINTS[code] ?? (UNTRUSTED_CODES.test(code) ? UNTRUSTED : `its certificate is refused: ${code}`);
}

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
  const isMisnamed =
    code === MISNAMED || ((code === null || ABOUT_DATES.has(code)) && !certifiesHost(leaf, host));
  if (isMisnamed) return { ok: false, reason: `its certificate is not for ${host}` };
  if (code !== null && !ABOUT_DATES.has(code)) return { ok: false, reason: complaint(code) };
  const byHand = verifyChain(chain, host, roots.all());
  if (!byHand.ok && code !== null) return byHand;
  // The engine may have found a way that is not found here: then the server's own dates are what is known.
  const { notBeforeMs, notAfterMs } = byHand.ok
    ? byHand
    : { notBeforeMs: Date.parse(leaf.validFrom), notAfterMs: Date.parse(leaf.validTo) };
  if (notAfterMs < floorMs)
    return { ok: false, reason: "its certificate expired before this program was built" };
  return { ok: true, notBeforeMs, notAfterMs, isValidNow: code === null };
}
