import { Failure, messageOf, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g;

/**
 * The additional certificate authorities in `ca_file`, as PEM; null if it is not set.
 *
 * @throws Failure (usage) if the file cannot be read, or holds no certificate or a damaged one.
 */
export function readCa(path: string | null): string | null {
  if (path === null) return null;
  let pem: string;
  try {
    pem = readText(path);
  } catch (error) {
    throw new Failure("usage", `the CA file ${path} cannot be read: ${reasonOf(error)}`);
  }
  const certificates = pem.match(CERTIFICATES);
  if (certificates === null)
    throw new Failure("usage", `the CA file ${path} holds no certificate; expected certificates in PEM`);
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw new Failure("usage", `certificate ${index + 1} in the CA file ${path} is damaged`, {
        cause: error,
      });
    }
  }
  return pem;
}

/** @param what what the file has to hold, as it is called in its first line. */
function readPem(file: string, flag: string, what: "CERTIFICATE" | "PRIVATE KEY"): string {
  let pem: string;
  try {
    pem = readText(file);
  } catch (error) {
    throw new Failure("usage", `${flag}: cannot read ${file} (${reasonOf(error)}); expected a PEM file`, {
      cause: error,
    });
  }
  // `-----BEGIN EC PRIVATE KEY-----` is one, too.
  if (new RegExp(`-----BEGIN ([A-Z]+ )*${what}-----`).test(pem)) return pem;
  throw new Failure("usage", `${flag}: ${file} holds no ${what.toLowerCase()} in PEM`);
}

/** @throws Failure (usage) if the certificate cannot be read, or the key is not the certificate's. */
function requirePair(cert: string, key: string): void {
  // Loading node:crypto takes 3 ms, and this file is part of the definition of most commands.
  const { createPrivateKey, X509Certificate } = process.getBuiltinModule("node:crypto");
  let isPair: boolean;
  try {
    isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new Failure("usage", `--tls-cert and --tls-key cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (!isPair) throw new Failure("usage", "--tls-key is not the key of the certificate in --tls-cert");
}

/**
 * A server's certificate and key; null if neither is set.
 *
 * @throws Failure (usage) if one is missing or cannot be read.
 */
export function readTls(cert: string | null, key: string | null): { cert: string; key: string } | null {
  if (cert === null && key === null) return null;
  if (cert === null || key === null) {
    throw new Failure("usage", "--tls-cert and --tls-key go together: one of them is missing");
  }
  const pair = {
    cert: readPem(cert, "--tls-cert", "CERTIFICATE"),
    key: readPem(key, "--tls-key", "PRIVATE KEY"),
  };
  requirePair(pair.cert, pair.key);
  return pair;
}
