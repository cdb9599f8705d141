import { X509Certificate } from "node:crypto";
import { ipFamily, ipv4Bytes, ipv6Groups } from "../ip-address.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { isPermitted, namesCover } from "./general-name.ts";

/** The web's PKI has no longer chains, and servers send no more certificates than this. */
const MOST_LINKS = 8;
const MOST_SENT = 16;
/** Signature checks before giving up: certificates can be crafted to lead to one another endlessly. */
const MOST_TRIALS = 64;
const LEAST_RSA_BITS = 2_048;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** Accepted signature algorithms: SHA-2 with RSA (PKCS #1 and PSS) or ECDSA, and EdDSA. */
const SIGNATURES: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.10",
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
  "1.3.101.112",
]);

export type ChainVerdict =
  /** The whole chain is valid between these moments. */
  | { readonly ok: true; readonly notBeforeMs: number; readonly notAfterMs: number }
  | { readonly ok: false; readonly reason: string };

/** A certificate in two forms: the engine's, which verifies signatures, and as parsed here. */
interface Link {
  readonly x509: X509Certificate;
  readonly certificate: Certificate;
}

const refused = (reason: string): ChainVerdict & { readonly ok: false } => ({ ok: false, reason });

function linkOf(x509: X509Certificate): Link | string {
  const certificate = readCertificate(x509.raw);
  return typeof certificate === "string" ? certificate : { x509, certificate };
}

function links(certificates: readonly X509Certificate[]): readonly Link[] {
  return certificates.map(linkOf).filter((link) => typeof link !== "string");
}

function isIssuedBy(link: Link, issuer: Link): boolean {
  return link.x509.checkIssued(issuer.x509) && link.x509.verify(issuer.x509.publicKey);
}

/** A host as it appears in certificates: a name, or the bytes of an address. */
function certifiedHost(host: string): string | Uint8Array {
  const [address = ""] = host.split("%");
  switch (ipFamily(address)) {
    case 4:
      return Uint8Array.from(ipv4Bytes(address));
    case 6:
      return Uint8Array.from(ipv6Groups(address).flatMap((group) => [group >> 8, group & 0xff]));
    case 0:
      return host;
  }
}

/** Whether a server's own certificate is for this host. */
export function certifiesHost(leaf: X509Certificate, host: string): boolean {
  const link = linkOf(leaf);
  return typeof link !== "string" && namesCover(link.certificate.hosts, certifiedHost(host));
}

function isForServers({ extendedKeyUsage }: Certificate): boolean {
  return extendedKeyUsage === null || extendedKeyUsage.includes(SERVER_AUTH);
}

function hasWeakKey({ x509 }: Link): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey;
  const isRsa = asymmetricKeyType === "rsa" || asymmetricKeyType === "rsa-pss";
  return isRsa && (asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_RSA_BITS;
}

/** What is wrong with a server's own certificate; null if nothing is. */
function leafFault(leaf: Link, host: string): string | null {
  const { hosts, keyUsage } = leaf.certificate;
  if (!namesCover(hosts, certifiedHost(host))) return `its certificate is not for ${host}`;
  if (keyUsage !== null && !keyUsage.digitalSignature) return "its certificate is not for signatures";
  return null;
}

/**
 * What is wrong with an authority at this place of the chain; null if nothing is. @param below the certificates
 * below it, the server's own first.
 */
function authorityFault({ certificate }: Link, below: readonly Link[]): string | null {
  const { isCa, keyUsage, pathLength, nameConstraints } = certificate;
  if (!isCa || keyUsage?.keyCertSign === false) return "a certificate of its chain is not an authority's";
  const between = below.slice(1).filter((link) => !link.certificate.isSelfIssued);
  if (pathLength !== null && between.length > pathLength)
    return "its chain is longer than an authority of it allows";
  if (nameConstraints === null) return null;
  const isAllowed = below.every(({ certificate: { names } }) =>
    names.every((name) => isPermitted(name, nameConstraints)),
  );
  return isAllowed ? null : "its chain has a name that an authority of it may not certify";
}

/** Checks a whole path, from the server's own certificate to a trusted authority. */
function judge(path: readonly Link[]): ChainVerdict {
  for (const [index, link] of path.entries()) {
    const { unknownCritical, signatureAlgorithm } = link.certificate;
    const isAnchor = index === path.length - 1;
    if (unknownCritical.length > 0)
      return refused(
        `a certificate of its chain has a critical extension that is not known (${unknownCritical[0]})`,
      );
    if (!isForServers(link.certificate)) return refused("a certificate of its chain is not for servers");
    if (!isAnchor && !SIGNATURES.has(signatureAlgorithm))
      return refused("its chain has a signature that is too weak");
    if (hasWeakKey(link)) return refused("its chain has a key that is too short");
    const fault = index === 0 ? null : authorityFault(link, path.slice(0, index));
    if (fault !== null) return refused(fault);
  }
  return {
    ok: true,
    notBeforeMs: Math.max(...path.map(({ certificate }) => certificate.notBeforeMs)),
    notAfterMs: Math.min(...path.map(({ certificate }) => certificate.notAfterMs)),
  };
}

/**
 * Verifies everything about a server's certificate chain except its dates (RFC 5280, section 6). With a wrong
 * clock the engine reports only "not yet valid", which would hide a wrong name, authority or purpose. The caller
 * must check that the time it obtains is within the period in which the whole chain is valid.
 *
 * @param chain the server's own certificate first, then the others that it sent, in any order.
 * @param roots trusted authorities; those that are not self-signed are ignored.
 */
export function verifyChain(
  chain: readonly X509Certificate[],
  host: string,
  roots: readonly X509Certificate[],
): ChainVerdict {
  const [own, ...sent] = chain;
  if (own === undefined) return refused("it sent no certificate");
  const leaf = linkOf(own);
  if (typeof leaf === "string") return refused(`its certificate cannot be read: ${leaf}`);
  const fault = leafFault(leaf, host);
  if (fault !== null) return refused(fault);
  const intermediates = links(sent.slice(0, MOST_SENT));
  const anchors = roots.filter((root) => root.subject === root.issuer);
  let trials = 0;
  let first: ChainVerdict | null = null;

  const search = (path: readonly Link[], last: Link): ChainVerdict | null => {
    if (path.length >= MOST_LINKS) return null;
    for (const root of anchors) {
      // Compares names first, so that only one or two of over a hundred authorities are parsed.
      if (!last.x509.checkIssued(root)) continue;
      const anchor = linkOf(root);
      if (typeof anchor === "string" || !isIssuedBy(last, anchor)) continue;
      const verdict = judge(root.fingerprint256 === last.x509.fingerprint256 ? path : [...path, anchor]);
      if (verdict.ok) return verdict;
      first ??= verdict;
    }
    for (const next of intermediates) {
      if (path.includes(next) || trials >= MOST_TRIALS) continue;
      trials += 1;
      if (!isIssuedBy(last, next)) continue;
      const verdict = search([...path, next], next);
      if (verdict !== null) return verdict;
    }
    return null;
  };
  return (
    search([leaf], leaf) ?? first ?? refused("its certificate leads to no authority that is trusted here")
  );
}
