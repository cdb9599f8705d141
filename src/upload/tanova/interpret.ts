import type { Exchange } from "../../lib/http/client.ts";
import type { ConnectionLost } from "../../lib/http/connection-lost.ts";
import type { Answer } from "../../lib/http/connection.ts";
import { parseRetryAfterMs } from "../../lib/http/retry-after.ts";
import { outcomeRule } from "./outcome-rules.ts";
import { ContentChanged } from "./request-body.ts";
import type { CheckOutcome, UploadOutcome } from "./types.ts";

/** The most that is shown of a server's own words. */
const MAX_REASON_LENGTH = 300;

/** Parses an answer as a JSON object; null if it is anything else, such as HTML from a proxy. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Ids are opaque: a string or a number. */
export function idOf(value: unknown): string | null {
  return typeof value === "number" ? String(value) : textOf(value);
}

/** Makes one line without control characters, and without the key in case a server echoes it. */
function tidy(text: string, apiKey: string): string {
  const line = text
    .replaceAll(apiKey, "***")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}

/** The server's description of an error: its `message`, a line of text, the title of an HTML page, or the status. */
export function reasonOf({ status, text, undecoded }: Answer, apiKey: string): string {
  if (undecoded !== null)
    return `HTTP ${status} (its answer is in ${tidy(undecoded, apiKey)}, which cannot be read)`;
  const body = parseObject(text);
  const message = textOf(body?.["message"]) ?? textOf(body?.["error"]);
  if (message !== null) return tidy(message, apiKey);
  if (/^\s*</.test(text)) {
    const title = tidy(/<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1] ?? "", apiKey);
    return title === "" ? `HTTP ${status}` : `HTTP ${status} (a web page: ${title})`;
  }
  const line = body === null ? tidy(text.split("\n")[0] ?? "", apiKey) : "";
  return line === "" ? `HTTP ${status}` : `HTTP ${status} (${line})`;
}

/** Where a redirect points to, without parts that may be secret. */
function redirectReason(answer: Answer, apiKey: string): string {
  const location = answer.headers.get("location") ?? "";
  const target = URL.parse(location);
  const told = target === null ? location.split(/[?#]/)[0] : target.origin + target.pathname;
  return `HTTP ${answer.status}: the server redirects to ${tidy(told ?? "", apiKey) || "nowhere"}; redirects are not followed, give the right --url`;
}

/** The meaning of a status for a refused or failed request; null if it depends on the call. */
export function refusalOf(
  answer: Answer,
  whole: boolean,
  apiKey: string,
  nowMs: number,
): Exclude<UploadOutcome, { type: "stored" | "duplicate" | "changed" }> | null {
  const { status } = answer;
  const retryAfterMs = parseRetryAfterMs(answer.headers.get("retry-after"), nowMs);
  const rule = outcomeRule(status, { whole, hasRetryAfter: retryAfterMs !== null });
  if (rule === "success" || rule === "unrecognised" || rule === "duplicate") return null;
  const reason = reasonOf(answer, apiKey);
  switch (rule) {
    case "unauthorized":
      return { type: rule, status: status === 401 ? 401 : 403, reason };
    case "transient":
      return { type: rule, status, reason, retryAfterMs };
    case "ambiguous":
      return { type: rule, status, reason, retryAfterMs, isUnrecognised: false };
    case "misplaced":
      return { type: rule, status, reason: status < 400 ? redirectReason(answer, apiKey) : reason };
    case "permanent":
      return { type: rule, status, reason };
  }
}

/** Why there is no connection, and what to do about it. */
function lossReason({ message, code, refusedBy }: ConnectionLost): string {
  if (refusedBy === 407) return `${message}; give its user and password in HTTPS_PROXY`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `${message}; is the network up, and ${message.startsWith("the proxy") ? "the proxy's address" : "--url"} right?`;
  if (code === "EMFILE") return `${message}; allow more (ulimit -n), or fewer --workers`;
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return `${message}; check the clock: nodupe time`;
  if (code === "EPROTO") return `${message}; is --url right, and is that a port for https?`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `${message}; is --url right?`;
  if (message.startsWith("the server's certificate"))
    return `${message}; for a private authority name its certificate with --ca-file`;
  return message;
}

/** The outcome of a request that got no readable answer. */
export function lossOf(
  exchange: Exclude<Exchange, { type: "answer" }>,
):
  | Exclude<UploadOutcome, { type: "stored" | "duplicate" | "changed" | "unauthorized" }>
  | { readonly type: "changed"; readonly checksum: string; readonly reason: string } {
  if (exchange.type === "withdrawn") {
    const { error } = exchange;
    if (error instanceof ContentChanged)
      return { type: "changed", checksum: error.checksum, reason: error.message };
    return { type: "permanent", status: null, reason: error.message };
  }
  const { whole, error } = exchange;
  const { refusedBy } = error;
  const reason = lossReason(error);
  if (whole) return { type: "ambiguous", status: null, reason, retryAfterMs: null, isUnrecognised: false };
  // A proxy refused to pass the request on.
  if (refusedBy !== null) return { type: "misplaced", status: refusedBy, reason };
  return { type: "transient", status: null, reason, retryAfterMs: null };
}

/** Interprets the answer to one upload. */
export function uploadOutcome(exchange: Exchange, apiKey: string, nowMs: number): UploadOutcome {
  if (exchange.type !== "answer") {
    const loss = lossOf(exchange);
    return loss.type === "changed" ? { type: "changed", reason: loss.reason } : loss;
  }
  const { answer, whole } = exchange;
  if (answer.status === 409) return { type: "duplicate" };
  const refusal = refusalOf(answer, whole, apiKey, nowMs);
  if (refusal !== null) return refusal;

  const body = parseObject(answer.text);
  const isSuccess = answer.status === 200 || answer.status === 201;
  const candidateId = idOf(body?.["candidateId"]);
  const isYes = body?.["success"] === true || (candidateId !== null && body?.["success"] !== false);
  if (whole && isSuccess && isYes) return { type: "stored", candidateId };
  // A portal's login page or a maintenance page with 200, an empty 204, or a success before the content was whole: it
  // says nothing about the upload.
  const reason =
    answer.undecoded === null
      ? `HTTP ${answer.status}, but not the answer of the Tanova API`
      : reasonOf(answer, apiKey);
  return { type: "ambiguous", status: answer.status, reason, retryAfterMs: null, isUnrecognised: true };
}

/** Interprets the answer to a check of one content: anything unclear counts as no answer. */
export function checkOutcome(exchange: Exchange, apiKey: string, nowMs: number): CheckOutcome {
  if (exchange.type !== "answer") {
    const { reason } = lossOf(exchange);
    return { type: "unanswered", status: null, reason, retryAfterMs: null };
  }
  const { answer } = exchange;
  const { status } = answer;
  if (status === 404 || status === 405 || status === 501) return "not-offered";
  const exists = status === 200 ? parseObject(answer.text)?.["exists"] : undefined;
  if (typeof exists === "boolean") return exists ? "there" : "absent";
  const retryAfterMs = parseRetryAfterMs(answer.headers.get("retry-after"), nowMs);
  return { type: "unanswered", status, reason: reasonOf(answer, apiKey), retryAfterMs };
}
