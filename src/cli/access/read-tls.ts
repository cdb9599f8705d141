import { Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";

function readPem(file: string, flag: string): string {
  try {
    return readText(file);
  } catch (error) {
    throw new Failure("usage", `${flag}: cannot read ${file} (${reasonOf(error)}); expected a PEM file`, {
      cause: error,
    });
  }
}

/**
 * The certificate and the key of a server; null where neither is named.
 *
 * @throws Failure usage where one is missing or cannot be read.
 */
export function readTls(cert: string | null, key: string | null): { cert: string; key: string } | null {
  if (cert === null && key === null) return null;
  if (cert === null || key === null) {
    throw new Failure("usage", "--tls-cert and --tls-key go together: one of them is missing");
  }
  return { cert: readPem(cert, "--tls-cert"), key: readPem(key, "--tls-key") };
}
