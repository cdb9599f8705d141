import { readFileSync } from "node:fs";
import { Failure, reasonOf } from "../lib/errors.ts";
import type { Store } from "../db/open.ts";
import { NtsClient } from "./net/nts/client.ts";
import { CookieJar } from "./net/nts/cookie-jar.ts";
import { type ResolveContext, resolveName } from "./net/resolve.ts";
import { formatServerName } from "./net/server-name.ts";
import type { Roots } from "./net/x509/roots.ts";
import { type MeasureSettings, serversOf } from "./options.ts";

export interface NtsSurroundings {
  /** Null if it cannot be opened: cookies then last as long as the process. */
  readonly store: Store | null;
  /** Reports that the store's keys cannot be read; keys are exchanged anew then. */
  readonly onStoreFailure: (error: unknown) => void;
  readonly resolution: ResolveContext;
  /** A moment that has certainly passed, in Unix milliseconds. */
  readonly floorMs: number;
}

/**
 * Identifies the trusted authorities: keys certified by others are not used.
 *
 * @throws Failure if the file cannot be read or holds no certificate.
 */
function trustOf(caFile: string | null): string {
  if (caFile === null) return "";
  let pem: string;
  try {
    pem = readFileSync(caFile, "latin1");
  } catch (error) {
    throw new Failure(
      "usage",
      `cannot read ${caFile} (--nts-ca): ${reasonOf(error)}; name a readable PEM file`,
    );
  }
  if (!pem.includes("-----BEGIN CERTIFICATE-----"))
    throw new Failure("usage", `${caFile} (--nts-ca) contains no certificate; expected certificates in PEM`);
  return new Bun.CryptoHasher("sha256").update(pem).digest("hex");
}

/** Key exchange servers according to the settings. @throws Failure if --nts-ca cannot be used. */
export function openNts(settings: MeasureSettings, surroundings: NtsSurroundings): NtsClient {
  const { ntsCa, fresh } = settings;
  const { store, onStoreFailure, resolution, floorMs } = surroundings;
  const trust = trustOf(ntsCa);
  let roots: Promise<Roots> | null = null;
  // A server named twice exchanges keys only once.
  const servers = new Map(serversOf(settings).map((name) => [formatServerName(name), name]));
  const context = {
    servers: [...servers.values()],
    jar: store === null ? null : new CookieJar(store, trust),
    // Loaded once for all servers; with cookies at hand, no TLS code is loaded at all.
    roots: () => (roots ??= import("./net/x509/roots.ts").then(({ trustedRoots }) => trustedRoots(ntsCa))),
    resolve: (host: string) => resolveName(host, resolution),
    nowMs: resolution.nowMs,
    floorMs,
  };
  try {
    return new NtsClient(context, fresh);
  } catch (error) {
    onStoreFailure(error);
    return new NtsClient({ ...context, jar: null }, fresh);
  }
}
