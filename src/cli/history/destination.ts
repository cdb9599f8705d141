import { syncOptions, type SyncSettings } from "../../upload/options.ts";
import type { Origin } from "../../settings/resolve.ts";
import { Failure } from "../../lib/errors.ts";
import { destinationUrl, SANDBOX_DESTINATION } from "../../upload/destination.ts";

const { url, insecureHttp, sandbox } = syncOptions;

/** Which history is meant: that of the API at --url, or the sandbox's. */
export const destinationOptions = { url, insecureHttp, sandbox } as const;

/** What history is kept under. */
export function destinationOf(
  values: Pick<SyncSettings, "url" | "insecureHttp" | "sandbox">,
  origins: { url: Origin },
): string {
  if (!values.sandbox) return destinationUrl(values.url, values);
  if (origins.url.source === "flag")
    throw new Failure("usage", "--sandbox and --url exclude each other; expected one of them");
  return SANDBOX_DESTINATION;
}
