import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

/** The trusted authorities. */
export interface Roots {
  /** For the engine; created once, as it takes 19 ms with authorities from a file. */
  context(): SecureContext;
  /** For our own check; read on demand. */
  all(): readonly X509Certificate[];
}

const read = (pem: string): X509Certificate => new X509Certificate(pem);

/**
 * The runtime's authorities plus those of a file.
 *
 * @param caFile PEM; null for the runtime's alone.
 * @throws the system's error, or an error if the file holds no certificate.
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
