import type { Board } from "../board/board.ts";
import type { Store } from "../db/open.ts";
import { CONTENT_STATES } from "../db/tables/upload.ts";
import { METRICS } from "../nodes/compare/registry.ts";
import { nodesOverview } from "../nodes/overview.ts";
import { entryJson } from "../render/history.ts";
import { clockOverview } from "../time/overview.ts";
import { listDestinations, listPage, retryFailed } from "../upload/ledger/history.ts";
import { doneByHour, uploadsOverview } from "../upload/ledger/overview.ts";
import { boardSummary, systemSummary } from "./board-summary.ts";
import { jsonBody, query, rememberedBody } from "./body.ts";
import type { Comparisons } from "./comparisons/comparisons.ts";
import type { JobTold } from "./jobs/jobs.ts";
import type { Bus } from "./live/bus.ts";
import { eventStream } from "./live/sse.ts";
import { openApi } from "./openapi.ts";
import { jsonReply, refusal, sharedReply, textReply } from "./replies.ts";
import { rollupsRoute } from "./rollups-route.ts";
import type { Route } from "./router.ts";
import {
  comparisonBody,
  comparisonRequest,
  historyQuery,
  loginBody,
  nodesQuery,
  rangeQuery,
  retryBody,
} from "./schemas.ts";
import { seldom } from "./seldom.ts";
import type { Sessions } from "./sessions.ts";

export interface ApiOptions {
  /** Opened read-only. */
  readonly store: Store;
  /** The current board. */
  readonly boardNow: () => Board;
  /** The other jobs of this process. */
  readonly jobs: () => readonly JobTold[];
  /** For the few requests that change something; each opens its own connection. */
  readonly openWritable: () => Promise<Store>;
  readonly comparisons: Comparisons;
  readonly sessions: Sessions;
  readonly bus: Bus;
  /** The text of `nodupe metrics`, including this process's own counters. */
  readonly metrics: () => string;
  /** Limit for reading one node's figures, in milliseconds. */
  readonly queryTimeout: number;
  /** Aborts when the server stops. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The name, label, unit and direction of every comparison metric. */
const METRICS_TOLD = METRICS.map(({ name, label, unit, lowerIsBetter }) => ({
  name,
  label,
  unit,
  lower_is_better: lowerIsBetter,
}));

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** The largest share of time to spend counting: counting the uploads of a day reads the whole history. */
const COUNTING_SHARE = 0.01;
/** The number of points that a chart draws. */
const POINTS = 600;

function loginRoute({ sessions }: ApiOptions): Route {
  return {
    isPublic: true,
    POST: async (request, address) => {
      const body = await jsonBody(loginBody, request);
      if (body.type === "invalid") return refusal(request, 400, body.reason);
      const result = sessions.login(body.value.token, address());
      if (result.type === "in")
        return jsonReply(request, { ok: true }, { headers: { "set-cookie": result.cookie } });
      if (result.type === "wrong") return refusal(request, 401, "the token is wrong");
      return refusal(request, 429, "too many wrong tokens", { "retry-after": `${result.seconds}` });
    },
  };
}

function comparisonRoute({ comparisons }: ApiOptions): Route {
  const bodyOf = rememberedBody(comparisonBody);
  return {
    POST: async (request) => {
      const body = await bodyOf(request);
      if (body.type === "invalid") return refusal(request, 400, body.reason);
      const asked = comparisonRequest(body.value);
      const reply = await comparisons.answer(asked);
      switch (reply.type) {
        case "answered":
          return sharedReply(request, reply.text);
        case "unknown-node":
          return refusal(request, 404, reply.reason);
        case "failed":
          return refusal(request, 500, "the comparison failed; see the server's log");
      }
    },
  };
}

function historyRoute({ store }: ApiOptions): Route {
  return {
    GET: (request) => {
      const asked = query(historyQuery, request);
      if (asked.type === "invalid") return refusal(request, 400, asked.reason);
      const { state: states = CONTENT_STATES, limit, offset } = asked.value;
      const page = listPage(store.db, { states, limit, offset });
      const entries = page.map((entry) => ({ ...entryJson(entry), destination: entry.destination }));
      return jsonReply(request, { entries, limit, offset });
    },
  };
}

function retryRoute({ openWritable }: ApiOptions): Route {
  return {
    POST: async (request) => {
      const body = await jsonBody(retryBody, request);
      if (body.type === "invalid") return refusal(request, 400, body.reason);
      const { destination: url, checksum = null, reason = null } = body.value;
      using store = await openWritable();
      const asked = listDestinations(store.db).filter((known) => url === undefined || known.url === url);
      if (url !== undefined && asked.length === 0)
        return refusal(request, 404, "there is no such destination");
      const counts = asked.map(({ id }) => retryFailed(store.db, id, { checksum, reason }));
      return jsonReply(request, { pending: counts.reduce((sum, count) => sum + count, 0) });
    },
  };
}

/** Every path of the API and its route. */
export function apiRoutes(options: ApiOptions): Map<string, Route> {
  const { store, boardNow, sessions, bus, metrics, signal, now } = options;
  const uploadedByHour = seldom(
    () => doneByHour(store.db, { nowMs: now(), hours: DAY_HOURS }),
    COUNTING_SHARE,
  );
  let description: object | null = null;
  return new Map<string, Route>([
    ["/api/login", loginRoute(options)],
    [
      "/api/logout",
      {
        POST: (request) =>
          jsonReply(request, { ok: true }, { headers: { "set-cookie": sessions.logout(request.headers) } }),
      },
    ],
    ["/api/comparison", comparisonRoute(options)],
    [
      "/api/time",
      {
        GET: (request) => {
          const asked = query(rangeQuery, request);
          if (asked.type === "invalid") return refusal(request, 400, asked.reason);
          const nowMs = now();
          const sinceMs = nowMs - asked.value.hours * HOUR_MS;
          return jsonReply(request, clockOverview(store.db, { nowMs, sinceMs, points: POINTS }));
        },
      },
    ],
    [
      "/api/nodes",
      {
        GET: (request) => {
          const asked = query(nodesQuery, request);
          if (asked.type === "invalid") return refusal(request, 400, asked.reason);
          const { hours, series } = asked.value;
          const nodes = nodesOverview(store.db, { nowMs: now(), hours });
          if (series === "all") return jsonReply(request, { nodes });
          const brief = nodes.map((node) => ({
            ...node,
            hours: { total_operations: node.hours.total_operations },
          }));
          return jsonReply(request, { nodes: brief });
        },
      },
    ],
    ["/api/board", { GET: (request) => jsonReply(request, boardSummary(boardNow(), uploadedByHour())) }],
    ["/api/system", { GET: (request) => jsonReply(request, systemSummary(boardNow())) }],
    ["/api/metrics", { GET: (request) => jsonReply(request, { metrics: METRICS_TOLD }) }],
    ["/api/sync", { GET: (request) => jsonReply(request, uploadsOverview(store, Date.now())) }],
    ["/api/sync/retry", retryRoute(options)],
    ["/api/history", historyRoute(options)],
    ["/api/fleet", { GET: (request) => jsonReply(request, { boards: boardNow().fleet }) }],
    ["/api/jobs", { GET: (request) => jsonReply(request, { jobs: options.jobs() }) }],
    ["/api/rollups", rollupsRoute({ store, queryTimeout: options.queryTimeout })],
    ["/api/events", { GET: (request) => eventStream(request, bus, signal) }],
    ["/api/openapi.json", { GET: (request) => jsonReply(request, (description ??= openApi())) }],
    [
      "/health",
      {
        GET: (request) => {
          const board = boardNow();
          return jsonReply(
            request,
            { ...board, jobs: options.jobs() },
            { status: board.healthy ? 200 : 503 },
          );
        },
      },
    ],
    [
      "/metrics",
      { GET: (request) => textReply(request, metrics(), "text/plain; version=0.0.4; charset=utf-8") },
    ],
  ]);
}
