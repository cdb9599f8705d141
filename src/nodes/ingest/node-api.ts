import type { Database } from "bun:sqlite";
import { messageOf } from "../../lib/errors.ts";

/** What the node's console API tells; null where it does not, or where no answer came. */
export interface NodeApi {
  readonly usedBytes: number | null;
  readonly totalBytes: number | null;
  readonly trashBytes: number | null;
  readonly joinedMs: number | null;
  readonly auditScore: number | null;
  readonly suspensionScore: number | null;
  readonly onlineScore: number | null;
  readonly payoutUsd: number | null;
  readonly heldUsd: number | null;
  readonly version: string | null;
  readonly disqualified: number | null;
  readonly suspended: number | null;
}

type Json = Readonly<Record<string, unknown>>;

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map((item: unknown) => objectOf(item)) : [];
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function timeOf(value: unknown): number | null {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function meanOf(items: readonly Json[], key: string): number | null {
  const known = items.map((item) => numberOf(item[key])).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function dollars(cents: unknown): number | null {
  const value = numberOf(cents);
  return value === null ? null : value / 100;
}

/**
 * Reads the answers of `/api/sno/`, `/api/sno/satellites` and `/api/sno/estimated-payout`; undefined stands for one
 * that did not come. From 1.143 the disk's `allocated` is the total and `available` what is free; before, `available`
 * is the total. The node's age is from the earliest joining of a satellite, never from `startedAt`.
 */
function readNodeApi(answers: { sno: unknown; satellites: unknown; payout: unknown }): NodeApi {
  const sno = objectOf(answers.sno);
  const disk = objectOf(sno["diskSpace"]);
  const satellites = objectOf(answers.satellites);
  const audits = listOf(satellites["audits"]);
  const month = objectOf(objectOf(answers.payout)["currentMonth"]);
  const known = Array.isArray(sno["satellites"]) ? listOf(sno["satellites"]) : null;
  const count = (key: string): number | null =>
    known === null ? null : known.filter((satellite) => typeof satellite[key] === "string").length;
  return {
    usedBytes: numberOf(disk["used"]),
    totalBytes: numberOf(disk["allocated"]) ?? numberOf(disk["available"]),
    trashBytes: numberOf(disk["trash"]),
    joinedMs: timeOf(satellites["earliestJoinedAt"]) ?? timeOf(satellites["nodeJoinedAt"]),
    auditScore: meanOf(audits, "auditScore"),
    suspensionScore: meanOf(audits, "suspensionScore"),
    onlineScore: meanOf(audits, "onlineScore"),
    payoutUsd: dollars(month["payout"]),
    heldUsd: dollars(month["held"]),
    version: typeof sno["version"] === "string" ? sno["version"] : null,
    disqualified: count("disqualified"),
    suspended: count("suspended"),
  };
}

export interface AskedApi {
  readonly url: string;
  readonly reachable: boolean;
  /** What was not answered, and why; null where all was. */
  readonly reason: string | null;
  readonly answer: NodeApi | null;
}

/** No answer of the API is larger; more is not the API. */
/** How long one answer may take. */
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 4 * 1_048_576;

async function ask(base: string, path: string, options: { signal: AbortSignal }): Promise<unknown> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await fetch(new URL(path, base), {
    signal,
    redirect: "manual",
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  if (Number(response.headers.get("content-length") ?? 0) > MAX_ANSWER_BYTES)
    throw new Error(`${path} answered too much`);
  const text = await response.text();
  if (text.length > MAX_ANSWER_BYTES) throw new Error(`${path} answered too much`);
  return JSON.parse(text);
}

/** Asks a node's API, all parts at once. Never throws: a node that does not answer degrades to its log. */
export async function askNode(url: string, options: { signal: AbortSignal }): Promise<AskedApi> {
  const base = url.endsWith("/") ? url : `${url}/`;
  const paths = ["/api/sno/", "/api/sno/satellites", "/api/sno/estimated-payout"] as const;
  const answers = await Promise.allSettled(paths.map((path) => ask(base, path, options)));
  const reasons = answers.flatMap((answer) =>
    answer.status === "rejected" ? [messageOf(answer.reason)] : [],
  );
  const reason = reasons.length === 0 ? null : [...new Set(reasons)].join("; ");
  const [sno, satellites, payout] = answers.map((answer) =>
    answer.status === "fulfilled" ? answer.value : undefined,
  );
  if (reasons.length === paths.length) return { url, reachable: false, reason, answer: null };
  return { url, reachable: true, reason, answer: readNodeApi({ sno, satellites, payout }) };
}

/** Keeps what a node's API said. Comparisons that were computed without it are dropped. */
export function storeNodeApi(db: Database, nodeId: number, takenMs: number, answer: NodeApi): void {
  const write = db.transaction(() => {
    db.query(
      `INSERT OR REPLACE INTO node_snapshot (node_id, taken_ms, used_bytes, total_bytes, trash_bytes, joined_ms,
       audit_score, suspension_score, online_score, payout_usd, held_usd, version, disqualified, suspended)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      nodeId,
      takenMs,
      answer.usedBytes,
      answer.totalBytes,
      answer.trashBytes,
      answer.joinedMs,
      answer.auditScore,
      answer.suspensionScore,
      answer.onlineScore,
      answer.payoutUsd,
      answer.heldUsd,
      answer.version,
      answer.disqualified,
      answer.suspended,
    );
    db.query("DELETE FROM compare_cache WHERE instr(nodes, ?) > 0").run(`,${nodeId},`);
  });
  write.immediate();
}
