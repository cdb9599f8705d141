import { readCa } from "./certificates.ts";
import { proxySettings } from "./proxy-settings.ts";
import type { SyncSettings } from "../../upload/options.ts";
import type { TanovaClient } from "../../upload/tanova/types.ts";

/** Timeout of a health or duplicate check. */
const CHECK_TIMEOUT_MS = 10_000;

/** The server to talk to. */
export interface Server {
  readonly url: string;
  readonly apiKey: string;
}

/** Starts a sandbox in this process, which stops with it. What it receives is kept next to the store. */
export async function startOwnSandbox(storePath: string, batch: boolean): Promise<Server & Disposable> {
  const { startSandbox } = await import("../../upload/sandbox/server.ts");
  const kept = storePath === ":memory:" ? {} : { store: `${storePath}.sandbox` };
  return await startSandbox({ batch, ...kept });
}

/** A client for a server, using the proxies set in the environment. */
export async function clientOf(
  settings: Pick<SyncSettings, "sandbox" | "caFile" | "connectTimeout" | "silenceTimeout" | "bwlimit">,
  environment: Readonly<Record<string, string | undefined>>,
  server: Server,
): Promise<TanovaClient> {
  const [{ createTanovaClient }, { limitBandwidth }] = await Promise.all([
    import("../../upload/tanova/client.ts"),
    import("../../upload/control/bandwidth.ts"),
  ]);
  const ca = settings.sandbox ? null : readCa(settings.caFile);
  return createTanovaClient({
    url: server.url,
    apiKey: server.apiKey,
    ...(ca === null ? {} : { ca }),
    ...(settings.sandbox ? {} : { proxy: proxySettings(environment) }),
    connectTimeoutMs: settings.connectTimeout,
    silenceTimeoutMs: settings.silenceTimeout,
    checkTimeoutMs: CHECK_TIMEOUT_MS,
    ...(settings.bwlimit === null ? {} : { bandwidth: limitBandwidth(settings.bwlimit) }),
  });
}
