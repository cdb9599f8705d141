import { syncOptions, type SyncSettings } from "../../upload/options.ts";
import { destinationUrl, SANDBOX_DESTINATION } from "../../upload/ledger/destination.ts";

const { url, insecureHttp, sandbox } = syncOptions;

/** Which history is meant: that of the API at --url, or the sandbox's. */
export const destinationOptions = { url, insecureHttp, sandbox } as const;

/** What history is kept under. */
export function destinationOf(values: Pick<SyncSettings, "url" | "insecureHttp" | "sandbox">): string {
  return values.sandbox ? SANDBOX_DESTINATION : destinationUrl(values.url, values);
}
