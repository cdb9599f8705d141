import { closeSync, openSync } from "node:fs";
import { isOutOfDescriptors } from "../descriptors.ts";
import { codeOf, messageOf } from "../errors.ts";

/** The connection could not be made, or ended, or was silent for too long. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  /** The system's or the TLS library's code (ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, …), where there is one. */
  readonly code: string | null;
  /** The status of a proxy that refused to pass the connection on. */
  readonly refusedBy: number | null;

  constructor(reason: string, told: { code?: string; refusedBy?: number } = {}) {
    super(reason);
    this.code = told.code ?? null;
    this.refusedBy = told.refusedBy ?? null;
  }
}

/** Bun tells of a process that is out of descriptors as of a refused connection. */
function isOpeningRefused(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return false;
  } catch (error) {
    return isOutOfDescriptors(error);
  }
}

/** Why no connection came about: Bun tells it by a code alone. */
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

/** What is wrong with a server's certificate, as the handshake found it. */
export function certificateLoss(error: Error | null): ConnectionLost {
  const code = codeOf(error);
  if (code === undefined)
    return new ConnectionLost("the server's certificate is not trusted", { code: "CERT" });
  const fault = CERTIFICATE_FAULTS[code] ?? "is not trusted";
  return new ConnectionLost(`the server's certificate ${fault} (${code})`, { code });
}
