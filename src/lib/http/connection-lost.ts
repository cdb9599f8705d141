import { closeSync, openSync } from "node:fs";
import { isOutOfDescriptors } from "../descriptors.ts";
import { codeOf, messageOf } from "../errors.ts";

/** The connection could not be opened, or ended, or was silent for too long. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  /** The code of the system or the TLS library (ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, …), if any. */
  readonly code: string | null;
  /** The status with which a proxy refused to open the tunnel. */
  readonly refusedBy: number | null;

  constructor(reason: string, details: { code?: string; refusedBy?: number } = {}) {
    super(reason);
    this.code = details.code ?? null;
    this.refusedBy = details.refusedBy ?? null;
  }
}

/** Bun reports running out of descriptors as a refused connection. */
function isOpeningRefused(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return false;
  } catch (error) {
    return isOutOfDescriptors(error);
  }
}

/** Why a connection could not be opened. Bun gives only a code. */
export function connectLoss(error: unknown, hostname: string): ConnectionLost {
  const message = messageOf(error);
  const code = codeOf(error);
  switch (code) {
    case undefined:
      return new ConnectionLost(message);
    case "ECONNREFUSED":
      if (isOpeningRefused()) return new ConnectionLost("too many open files", { code: "EMFILE" });
      return new ConnectionLost("connection refused", { code });
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new ConnectionLost(`no address for ${hostname}`, { code });
    default:
      return new ConnectionLost(message.includes(code) ? message : `${message} (${code})`, { code });
  }
}

const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another host",
};

/** Why a TLS handshake failed: most often the server's certificate. */
export function handshakeLoss(error: Error | null): ConnectionLost {
  const code = codeOf(error);
  // The peer did not speak TLS, or broke its rules: no certificate was looked at.
  if (code === "EPROTO") return new ConnectionLost("the TLS handshake failed (EPROTO)", { code });
  if (code === undefined)
    return new ConnectionLost("the server's certificate is not trusted", { code: "CERT" });
  const fault = CERTIFICATE_FAULTS[code] ?? "is not trusted";
  return new ConnectionLost(`the server's certificate ${fault} (${code})`, { code });
}
