import pLimit from "p-limit";
import type { Store } from "../../db/open.ts";
import { isBusy } from "../../db/busy.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Window } from "../compare/load.ts";
import type { GatheredNode, GatherOptions } from "../compare/node-source.ts";
import { DAY_MS, HOUR_MS } from "../log/vocabulary.ts";
import type { FleetAccess } from "./access.ts";
import { BoardClient, type BoardReply } from "./board-client.ts";
import type { RemoteNode } from "./board-url.ts";
import { decodeFrame } from "./frame-codec.ts";
import { keepFrame, keptFrame } from "./kept-frames.ts";
import { dataOf, type NodeFrame } from "./node-frame.ts";

/** What is known of a node of another board. */
export type RemoteFigures =
  | { readonly type: "gathered"; readonly node: GatheredNode }
  | Exclude<BoardReply, { type: "told" }>;

export interface RemoteOptions extends GatherOptions {
  readonly access: FleetAccess;
  /** The store that keeps what boards report; null if there is none. */
  readonly store: Store | null;
  readonly signal: AbortSignal;
  /** Unix ms. */
  readonly nowMs: number;
}

/** How many nodes are requested in parallel: as many as a small machine can unpack at a time. */
const AT_ONCE = 4;
/** The longest window of one request; longer windows take several. */
const MOST_MS = 31 * DAY_MS;
/** Keeping frames for later comparisons must not wait long for another process. */
const BUSY_MS = 50;

type Told = { readonly type: "frame"; readonly frame: NodeFrame } | Exclude<BoardReply, { type: "told" }>;

function* monthsOf({ sinceMs, untilMs }: Window): Generator<Window> {
  let fromMs = sinceMs;
  while (fromMs < untilMs) {
    // Cut at whole hours, so that no hour is split between two requests.
    const toMs = Math.min(untilMs, Math.floor((fromMs + MOST_MS) / HOUR_MS) * HOUR_MS);
    yield { sinceMs: fromMs, untilMs: toMs };
    fromMs = toMs;
  }
}

function framedReply(reply: BoardReply): Told {
  if (reply.type !== "told") return reply;
  try {
    return { type: "frame", frame: decodeFrame(reply.body) };
  } catch {
    return { type: "lost", reason: "it told something that is no node's hours" };
  }
}

async function askFrame(client: BoardClient, name: string, options: RemoteOptions): Promise<Told> {
  const deadline = performance.now() + options.queryTimeout;
  const frames: NodeFrame[] = [];
  for (const { sinceMs, untilMs } of monthsOf(options.window)) {
    const query = new URLSearchParams({ node: name, since: `${sinceMs}`, until: `${untilMs}` });
    const timeoutMs = Math.max(1, deadline - performance.now());
    const { signal } = options;
    const told = framedReply(await client.get(`/api/rollups?${query.toString()}`, { timeoutMs, signal }));
    if (told.type !== "frame") return told;
    frames.push(told.frame);
  }
  const last = frames.at(-1);
  if (last === undefined) return { type: "lost", reason: "it was asked for an empty window" };
  return {
    type: "frame",
    frame: { about: last.about, hours: frames.flatMap(({ hours }) => hours) },
  };
}

function keep(store: Store, node: RemoteNode, frame: NodeFrame, options: RemoteOptions): void {
  const { window, nowMs } = options;
  // Partial hours are not kept.
  if (window.sinceMs % HOUR_MS !== 0 || window.untilMs % HOUR_MS !== 0) return;
  try {
    // The connection may have been opened for reading only.
    store.db.run("PRAGMA query_only = OFF");
    store.db.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    store.db.run("PRAGMA synchronous = NORMAL");
    keepFrame(store.db, node, { frame, window, nowMs });
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
}

function gathered(frame: NodeFrame, window: Window, stale: GatheredNode["stale"]): RemoteFigures {
  return {
    type: "gathered",
    node: { data: dataOf(frame, window), satellites: new Map(frame.about.satellites), stale },
  };
}

async function figuresOf(
  node: RemoteNode,
  client: BoardClient,
  options: RemoteOptions,
): Promise<RemoteFigures> {
  const { store, window } = options;
  const told = await askFrame(client, node.name, options);
  if (told.type === "frame") {
    if (store !== null) keep(store, node, told.frame, options);
    return gathered(told.frame, window, null);
  }
  if (told.type !== "lost" || store === null) return told;
  const kept = keptFrame(store.db, node, window);
  if (kept === null) return told;
  const reason = `its board cannot be reached (${told.reason})`;
  return gathered(kept.frame, window, { asOfMs: kept.takenMs, reason });
}

/**
 * Requests nodes from other boards, in parallel. For a board that cannot be reached, its last report is used. The
 * results are in the order of the nodes. Never throws because of a board or the network.
 *
 * @throws Failure (usage) for a URL that is not allowed.
 */
export async function askBoards(
  nodes: readonly RemoteNode[],
  options: RemoteOptions,
): Promise<readonly RemoteFigures[]> {
  using clients = new DisposableStack();
  const byUrl = new Map(
    nodes.map(({ url }) => url).map((url) => [url, clients.use(new BoardClient(url, options.access))]),
  );
  const limit = pLimit(AT_ONCE);
  return await Promise.all(
    nodes.map((node) =>
      limit(async (): Promise<RemoteFigures> => {
        const client = byUrl.get(node.url);
        if (client === undefined) throw new Error("Cannot ask a board that has no client");
        try {
          return await figuresOf(node, client, options);
        } catch (error) {
          return { type: "lost", reason: messageOf(error) };
        }
      }),
    ),
  );
}
