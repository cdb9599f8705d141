import { Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";

/**
 * The additional certificate authorities in `ca_file`, as PEM; null if it is not set.
 *
 * @throws Failure (usage) if the file cannot be read.
 */
export function readCa(path: string | null): string | null {
  if (path === null) return null;
  try {
    return readText(path);
  } catch (error) {
    throw new Failure("usage", `the CA file ${path} cannot be read: ${reasonOf(error)}`);
  }
}

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
 * A server's certificate and key; null if neither is set.
 *
 * @throws Failure (usage) if one is missing or cannot be read.
 */
export function readTls(cert: string | null, key: string | null): { cert: string; key: string } | null {
  if (cert === null && key === null) return null;
  if (cert === null || key === null) {
    throw new Failure("usage", "--tls-cert and --tls-key go together: one of them is missing");
  }
  return { cert: readPem(cert, "--tls-cert"), key: readPem(key, "--tls-key") };
}
