import { isNearer, type Origin } from "../../settings/resolve.ts";
import { Failure } from "../../lib/errors.ts";
import type { SyncSettings } from "../../upload/options.ts";
import { readSecretFile, type Secret } from "./secret-file.ts";

/** The API key, and a warning if its file is readable by others. */
export interface ApiKey {
  readonly key: string;
  readonly warning: string | null;
}

function keyOf({ text, warning }: Secret): ApiKey {
  return { key: text, warning };
}

/**
 * The API key from the file or the value, whichever was set closer to the command line.
 *
 * @throws Failure if there is no key, or the file cannot be read.
 */
export function apiKeyOf(
  values: Pick<SyncSettings, "apiKey" | "apiKeyFile">,
  origins: { apiKey: Origin; apiKeyFile: Origin },
): ApiKey {
  const isFileNearer = isNearer(origins.apiKeyFile, origins.apiKey);
  if (values.apiKeyFile !== null && (isFileNearer || values.apiKey === null))
    return keyOf(readSecretFile(values.apiKeyFile, "API key", "tanova_sk_…"));
  if (values.apiKey !== null) return { key: values.apiKey, warning: null };
  throw new Failure(
    "usage",
    "no API key: set TANOVA_API_KEY, or name the file that holds it with --api-key-file (or try it without an account: --sandbox)",
  );
}
