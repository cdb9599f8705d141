import { messageOf } from "../errors.ts";

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

/** Bun tells of a failed connect by a code alone. */
export function connectLoss(error: unknown, hostname: string): ConnectionLost {
  const message = messageOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return new ConnectionLost("connection refused", { code });
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new ConnectionLost(`no address for ${hostname}`, { code });
  const reason = code === "" || message.includes(code) ? message : `${message} (${code})`;
  return new ConnectionLost(reason, code === "" ? {} : { code });
}

export function certificateLoss(error: Error | null): ConnectionLost {
  const code = error !== null && "code" in error ? String(error.code) : "";
  const reason = "the server's certificate is not trusted";
  return code === "" ? new ConnectionLost(reason) : new ConnectionLost(`${reason} (${code})`, { code });
}
