import type { Exchange } from "../../lib/http/client.ts";
import type { Answer } from "../../lib/http/connection.ts";
import { lossOf, parseObject, reasonOf, refusalOf, textOf } from "./interpret.ts";
import type { BatchOffer, BulkCheckOffer, Health, HealthOutcome } from "./types.ts";

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** Only a path below the base URL is accepted: the key is sent nowhere else. */
function pathOf(value: unknown): string | null {
  const path = textOf(value);
  return path !== null && /^\/(?!\/)[\x21-\x7e]*$/.test(path) ? path : null;
}

function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 ? value : null;
}

/** What a server offers beyond the basic protocol; an unclear offer is ignored. */
function offersOf(capabilities: Fields): { batch: BatchOffer | null; bulkCheck: BulkCheckOffer | null } {
  const batch = fieldsOf(capabilities["batch"]);
  const bulk = fieldsOf(capabilities["checkDuplicates"]);
  const [batchPath, maxItems, maxBytes] = [
    pathOf(batch["path"]),
    countOf(batch["maxItems"]),
    countOf(batch["maxBytes"]),
  ];
  const [bulkPath, bulkItems] = [pathOf(bulk["path"]), countOf(bulk["maxItems"])];
  return {
    batch:
      batchPath === null || maxItems === null || maxBytes === null
        ? null
        : { path: batchPath, maxItems, maxBytes },
    bulkCheck:
      bulkPath === null || bulkItems === null
        ? null
        : { path: bulkPath, maxItems: Math.min(bulkItems, 1_000) },
  };
}

function parseHealth(answer: Answer): Health | null {
  const body = parseObject(answer.text);
  if (answer.status !== 200 || body === null || body["success"] === false) return null;
  if (typeof body["authenticated"] !== "boolean") return null;
  const permissions = fieldsOf(body["permissions"]);
  return {
    authenticated: body["authenticated"],
    agency: textOf(body["agency"]),
    canUpload: body["authenticated"] && permissions["canUpload"] !== false,
    ...offersOf(fieldsOf(body["capabilities"])),
  };
}

export function healthOutcome(exchange: Exchange, apiKey: string, nowMs: number): HealthOutcome {
  if (exchange.type !== "answer") {
    const loss = lossOf(exchange);
    const status = loss.type === "changed" ? null : loss.status;
    return { type: "unreachable", status, reason: loss.reason, retryAfterMs: null };
  }
  const { answer } = exchange;
  const health = parseHealth(answer);
  if (health !== null) return { type: "healthy", health };
  const refusal = refusalOf(answer, true, apiKey, nowMs);
  if (refusal?.type === "unauthorized") return refusal;
  const isRefused = refusal !== null || parseObject(answer.text) !== null;
  return {
    type: "unreachable",
    status: answer.status,
    reason: isRefused
      ? (refusal?.reason ?? reasonOf(answer, apiKey))
      : `HTTP ${answer.status}, but not the answer of the Tanova API; is --url right?`,
    retryAfterMs: refusal !== null && "retryAfterMs" in refusal ? refusal.retryAfterMs : null,
  };
}
