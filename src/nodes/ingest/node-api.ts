import type { Database } from "bun:sqlite";
import { z } from "zod";
import { messageOf } from "../../lib/errors.ts";
import { type NodeFigures, storeSnapshot } from "../store/node-snapshot.ts";
import { ensureNode } from "../store/node-store.ts";

/** Time limit for an answer, including its body. */
const API_TIMEOUT_MS = 5_000;
/** Larger than any answer of the API; a longer one comes from something else. */
const MAX_ANSWER_BYTES = 4 * 1_048_576;

/** z.int() takes safe integers only, as the node's counters are. */
const bytes = z.int().nonnegative();
const count = z.number();
/** "v1.162.5", or a longer name of a build of one's own. */
const versionText = z.string().max(100);
const score = z.number().min(0).max(1);
const moment = z.string().nullish();

/**
 * `/api/sno/`. Up to version 1.142 `available` is the disk's total; from 1.143 on it is the free space, and `allocated`
 * the total.
 */
const stateShape = z.object({
  diskSpace: z.object({
    used: bytes,
    available: z.int(),
    allocated: bytes.optional(),
    trash: bytes.optional(),
  }),
  version: versionText.optional(),
  satellites: z.array(z.object({ disqualified: moment, suspended: moment })).nullish(),
});

/** `/api/sno/satellites`. */
const satellitesShape = z.object({
  audits: z.array(z.object({ auditScore: score, suspensionScore: score, onlineScore: score })).nullable(),
  earliestJoinedAt: moment,
  nodeJoinedAt: moment,
});

/** `/api/sno/estimated-payout`; amounts are cents. */
const payoutShape = z.object({
  currentMonth: z.object({ payout: count, held: count }),
});

const NOTHING: NodeFigures = {
  usedBytes: null,
  totalBytes: null,
  trashBytes: null,
  joinedMs: null,
  auditScore: null,
  suspensionScore: null,
  onlineScore: null,
  payoutUsd: null,
  heldUsd: null,
  version: null,
  disqualified: null,
  suspended: null,
};

function stateFigures(answer: unknown): Partial<NodeFigures> {
  const { diskSpace, version, satellites } = stateShape.parse(answer);
  const total = diskSpace.allocated ?? diskSpace.available;
  const counted = (key: "disqualified" | "suspended"): number | null =>
    satellites == null ? null : satellites.filter((satellite) => typeof satellite[key] === "string").length;
  return {
    usedBytes: diskSpace.used,
    totalBytes: total >= 0 ? total : null,
    trashBytes: diskSpace.trash ?? null,
    version: version ?? null,
    disqualified: counted("disqualified"),
    suspended: counted("suspended"),
  };
}

/** Parses a time from Go; its zero time, in the year 1, means none. */
function timeOf(text: string | null | undefined): number | null {
  const ms = text == null ? Number.NaN : Date.parse(text);
  return ms > 0 ? ms : null;
}

function satellitesFigures(answer: unknown): Partial<NodeFigures> {
  const { audits, earliestJoinedAt, nodeJoinedAt } = satellitesShape.parse(answer);
  const meanOf = (key: "auditScore" | "suspensionScore" | "onlineScore"): number | null =>
    audits === null || audits.length === 0
      ? null
      : audits.reduce((sum, audit) => sum + audit[key], 0) / audits.length;
  return {
    // The node's age counts from when it first joined a satellite, never from `startedAt`.
    joinedMs: timeOf(earliestJoinedAt) ?? timeOf(nodeJoinedAt),
    auditScore: meanOf("auditScore"),
    suspensionScore: meanOf("suspensionScore"),
    onlineScore: meanOf("onlineScore"),
  };
}

function payoutFigures(answer: unknown): Partial<NodeFigures> {
  const { payout, held } = payoutShape.parse(answer).currentMonth;
  return { payoutUsd: payout / 100, heldUsd: held / 100 };
}

const PARTS: readonly (readonly [path: string, read: (answer: unknown) => Partial<NodeFigures>])[] = [
  ["/api/sno/", stateFigures],
  ["/api/sno/satellites", satellitesFigures],
  ["/api/sno/estimated-payout", payoutFigures],
];

/** The text of a body, cut off if it is longer than any answer of the API. */
async function textOf(response: Response, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`${path} answered more than 4 MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What was wrong with an answer, in one line. */
function reasonFor(path: string, error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    return `${path} gave an unexpected answer${where}`;
  }
  if (error instanceof SyntaxError) return `${path} did not answer with JSON`;
  const isLate = error instanceof Error && error.name === "TimeoutError";
  return isLate
    ? `${path} did not answer within ${API_TIMEOUT_MS / 1000} s`
    : (messageOf(error).split("\n", 1)[0] ?? "");
}

interface Part {
  readonly figures: Partial<NodeFigures> | null;
  readonly reason: string | null;
  /** Whether an HTTP server answered. */
  readonly reachable: boolean;
}

async function askPart(
  base: string,
  [path, read]: (typeof PARTS)[number],
  signal: AbortSignal,
): Promise<Part> {
  let reachable = false;
  try {
    const response = await fetch(new URL(path, base), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(API_TIMEOUT_MS)]),
      redirect: "manual",
      headers: { accept: "application/json" },
      // Set explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot switch it off.
      tls: { rejectUnauthorized: true },
    });
    reachable = true;
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return { figures: read(JSON.parse(await textOf(response, path))), reason: null, reachable };
  } catch (error) {
    return { figures: null, reason: reasonFor(path, error), reachable };
  }
}

export interface AskedApi {
  readonly url: string;
  readonly reachable: boolean;
  /** Which parts were not answered, and why; null if all were. */
  readonly reason: string | null;
  /** The figures from good answers; null if there were none. */
  readonly figures: NodeFigures | null;
}

/** Asks a node's API for all parts at once. Never throws: without answers, only the log is used for the node. */
async function askNode(url: string, signal: AbortSignal): Promise<AskedApi> {
  const base = url.endsWith("/") ? url : `${url}/`;
  const parts = await Promise.all(PARTS.map((part) => askPart(base, part, signal)));
  const reasons = new Set(parts.flatMap(({ reason }) => (reason === null ? [] : [reason])));
  const good = parts.flatMap(({ figures }) => (figures === null ? [] : [figures]));
  return {
    url,
    reachable: parts.some(({ reachable }) => reachable),
    reason: reasons.size === 0 ? null : [...reasons].join("; "),
    figures: good.length === 0 ? null : Object.assign({}, NOTHING, ...good),
  };
}

/**
 * Asks a node's APIs and stores the answers under the node's name; the node is created with its first good answer. No
 * lease is needed: another process may be ingesting the node's log.
 */
export async function askAndStore(
  db: Database,
  name: string,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<AskedApi[]> {
  const asked = await Promise.all(urls.map((url) => askNode(url, signal)));
  for (const { figures } of asked)
    if (figures !== null) storeSnapshot(db, ensureNode(db, name).id, Date.now(), figures);
  return asked;
}
