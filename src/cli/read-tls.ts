import { Failure, reasonOf } from "../lib/errors.ts";

async function readPem(file: string, flag: string): Promise<string> {
  try {
    return await Bun.file(file).text();
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
export async function readTls(
  cert: string | null,
  key: string | null,
): Promise<{ cert: string; key: string } | null> {
  if (cert === null && key === null) return null;
  if (cert === null || key === null) {
    throw new Failure("usage", "--tls-cert and --tls-key go together: one of them is missing");
  }
  return { cert: await readPem(cert, "--tls-cert"), key: await readPem(key, "--tls-key") };
}
