import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

/** Whom to trust as an authority. */
export interface Roots {
  /** For the engine; made once, since it takes 19 ms with authorities of a file. */
  context(): SecureContext;
  /** For the check by hand; read when that is needed. */
  all(): readonly X509Certificate[];
}

const read = (pem: string): X509Certificate => new X509Certificate(pem);

/**
 * The runtime's authorities, and those of a file.
 *
 * @param caFile PEM; null for the runtime's alone.
 * @throws the system's error, or one that says that the file holds no certificate.
 */
export function trustedRoots(caFile: string | null): Roots {
  const more =
    caFile === null
      ? []
      : (readFileSync(caFile, "latin1").match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ??
        []);
  if (caFile !== null && more.length === 0) throw new Error(`${caFile} holds no certificate in PEM`);
  const own = more.map(read);
  let context: SecureContext | null = null;
  let all: readonly X509Certificate[] | null = null;
  return {
    context: () =>
      (context ??= createSecureContext(caFile === null ? {} : { ca: [...more, ...rootCertificates] })),
    all: () => (all ??= [...own, ...rootCertificates.map(read)]),
  };
}
