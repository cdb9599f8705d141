import { statSync } from "node:fs";
import type { Origin } from "../../settings/resolve.ts";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";
import type { SyncSettings } from "../../upload/options.ts";

const RANK: Readonly<Record<Origin["source"], number>> = { flag: 3, environment: 2, file: 1, default: 0 };

/** The key, and what a person should know of where it lies. */
export interface ApiKey {
  readonly key: string;
  readonly warning: string | null;
}

function readKeyFile(path: string): ApiKey {
  let key: string;
  let isOpen: boolean;
  try {
    key = readText(path).trim();
    isOpen = (statSync(path).mode & 0o077) !== 0;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM")
      throw new Failure("not-permitted", `the API key file ${path} cannot be read: permission denied`);
    throw new Failure("usage", `the API key file ${path} cannot be read: ${reasonOf(error)}`);
  }
  if (key === "") throw new Failure("usage", `the API key file ${path} is empty; expected tanova_sk_…`);
  const warning = isOpen ? `others can read the API key in ${path}; fix it with: chmod 600 ${path}` : null;
  return { key, warning };
}

/**
 * The API key, from whichever of the file and the value was given nearer to the command line.
 *
 * @throws Failure where there is none, or the file cannot be read.
 */
export function apiKeyOf(
  values: Pick<SyncSettings, "apiKey" | "apiKeyFile">,
  origins: { apiKey: Origin; apiKeyFile: Origin },
): ApiKey {
  const isFileNearer = RANK[origins.apiKeyFile.source] >= RANK[origins.apiKey.source];
  if (values.apiKeyFile !== null && (isFileNearer || values.apiKey === null))
    return readKeyFile(values.apiKeyFile);
  if (values.apiKey !== null) return { key: values.apiKey, warning: null };
  throw new Failure(
    "usage",
    "no API key: set TANOVA_API_KEY, or name the file that holds it with --api-key-file (or try it without an account: --sandbox)",
  );
}
