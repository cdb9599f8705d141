import type { Exchange } from "../../lib/http/client.ts";
import type { Answer } from "../../lib/http/connection.ts";
import { idOf, lossOf, parseObject, refusalOf, textOf } from "./interpret.ts";
import type { BatchOutcome, UploadOutcome } from "./types.ts";

/** Hex SHA-256 of the sorted checksums: the same items make the same request, whatever their order. */
export function idempotencyKey(checksums: readonly string[]): string {
  return new Bun.CryptoHasher("sha256").update(checksums.toSorted().join("\n")).digest("hex");
}

/** Statuses that mean the server does not offer the call. */
export function isNotOffered(status: number): boolean {
  return status === 404 || status === 405 || status === 501;
}

/** The answer for one item, as if it had been sent alone; null if it says nothing reliable. */
function itemOutcome(item: Readonly<Record<string, unknown>>, apiKey: string): UploadOutcome | null {
  const status = item["status"];
  if (typeof status !== "number" || !Number.isInteger(status)) return null;
  if (status === 200 || status === 201) {
    return { type: "stored", candidateId: idOf(item["candidateId"]) };
  }
  if (status === 409) return { type: "duplicate" };
  const retryAfter = item["retryAfter"];
  const headers = new Map(
    typeof retryAfter === "number" && retryAfter >= 0 ? [["retry-after", String(Math.ceil(retryAfter))]] : [],
  );
  const text = JSON.stringify({ message: item["message"] });
  const refusal = refusalOf({ status, headers, text, undecoded: null }, true, apiKey, 0);
  // The batch has reached the API: the answer for an item is about that item.
  return refusal?.type === "misplaced" ? { ...refusal, type: "permanent" } : refusal;
}

function resultsOf(
  answer: Answer,
  sent: ReadonlySet<string>,
  apiKey: string,
): ReadonlyMap<string, UploadOutcome> | null {
  const results = parseObject(answer.text)?.["results"];
  if (!Array.isArray(results)) return null;
  const outcomes = new Map<string, UploadOutcome>();
  for (const value of results as readonly unknown[]) {
    if (typeof value !== "object" || value === null) continue;
    const item = Object.fromEntries(Object.entries(value)) as Readonly<Record<string, unknown>>;
    const checksum = textOf(item["checksum"])?.toLowerCase() ?? "";
    const outcome = itemOutcome(item, apiKey);
    if (sent.has(checksum) && outcome !== null) outcomes.set(checksum, outcome);
  }
  return outcomes;
}

/** Interprets the answer to a batch, as a whole or item by item. */
export function batchOutcome(
  exchange: Exchange,
  sent: ReadonlySet<string>,
  apiKey: string,
  nowMs: number,
): BatchOutcome {
  if (exchange.type !== "answer") return lossOf(exchange);
  const { answer, whole } = exchange;
  const { status } = answer;
  if (isNotOffered(status)) return { type: "not-offered", status };
  if (status === 413) return { type: "too-large" };
  const refusal = refusalOf(answer, whole, apiKey, nowMs);
  if (refusal !== null) return refusal;
  const results = whole && (status === 200 || status === 207) ? resultsOf(answer, sent, apiKey) : null;
  if (results !== null) return { type: "answered", results };
  const reason = `HTTP ${status}, but not the answer of a batch`;
  return { type: "ambiguous", status, reason, retryAfterMs: null, isUnrecognised: true };
}
