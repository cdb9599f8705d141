import { X509Certificate } from "node:crypto";

/** Longer chains are not seen in the web's PKI. */
const DEPTH = 8;

export type ChainVerdict =
  | { readonly ok: true; readonly notBeforeMs: number; readonly notAfterMs: number }
  | { readonly ok: false; readonly reason: string };

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/**
 * Verifies a server's certificate chain by hand, all but its dates: a TLS library with a wrong clock says "not yet
 * valid" and then looks no further, which would hide a wrong name or a wrong authority. The caller checks the time
 * that it obtained against the interval in which all of the chain is valid.
 *
 * @param chain the server's own certificate first, then what it sent beside it.
 */
export function verifyChain(
  chain: readonly X509Certificate[],
  host: string,
  roots: readonly X509Certificate[],
): ChainVerdict {
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined) return { ok: false, reason: "it sent no certificate" };
  const isNamed = leaf.checkHost(host) !== undefined || leaf.checkIP(host) !== undefined;
  if (!isNamed) return { ok: false, reason: `its certificate is not for ${host}` };
  const path = [leaf];
  for (let current = leaf; path.length <= DEPTH;) {
    const anchor = roots.find(
      (root) => root.fingerprint256 === current.fingerprint256 || isIssuedBy(current, root),
    );
    if (anchor !== undefined) return validity([...path, anchor]);
    const next = intermediates.find((candidate) => candidate.ca && isIssuedBy(current, candidate));
    if (next === undefined || path.includes(next)) break;
    path.push(next);
    current = next;
  }
  return { ok: false, reason: "its certificate leads to no authority that is trusted here" };
}

function validity(path: readonly X509Certificate[]): ChainVerdict {
  return {
    ok: true,
    notBeforeMs: Math.max(...path.map((certificate) => Date.parse(certificate.validFrom))),
    notAfterMs: Math.min(...path.map((certificate) => Date.parse(certificate.validTo))),
  };
}
