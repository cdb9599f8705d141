import { isLocked } from "./api.ts";
import { keepConnected } from "./connection.ts";
import type { Problem } from "../../board/problems.ts";
import type { NodeResult } from "../../nodes/compare/node-result.ts";
import {
  askedComparison,
  begin,
  boardName,
  isConnected,
  lostAt,
  needsLogin,
  problems,
  refresh,
  uploadPace,
  type UploadPace,
} from "./state.ts";

/** However often the board changes, its answers are not fetched more often than this … */
const REFRESH_EVERY_MS = 1_000;
/** … and fetching takes at most this share of the time. */
const MOST_SHARE = 0.1;

let isRefreshing = false;
let isAsked = false;

/** Refreshes what is shown: at once, or after the fetch in progress and a pause. */
function refreshSoon(): void {
  isAsked = true;
  if (isRefreshing || document.hidden) return;
  isRefreshing = true;
  isAsked = false;
  const startedMs = performance.now();
  const over = (): void => {
    const pauseMs = Math.max(REFRESH_EVERY_MS, (performance.now() - startedMs) / MOST_SHARE);
    setTimeout(() => {
      isRefreshing = false;
      if (isAsked) refreshSoon();
    }, pauseMs);
  };
  refresh().then(over, over);
}

/** A hidden page fetches nothing. When it becomes visible it fetches what it has missed. */
document.addEventListener("visibilitychange", () => {
  if (isAsked) refreshSoon();
});

/** The board's messages: see serve/live/bus.ts. */
type Message =
  | {
      readonly topic: "board";
      readonly data: { readonly board_name: string; readonly problems: readonly Problem[] };
    }
  | { readonly topic: "sync"; readonly data: UploadPace }
  | {
      readonly topic: "comparison";
      readonly data: {
        readonly nodes: readonly string[];
        readonly time_range?: string;
        readonly node?: NodeResult;
      };
    }
  | { readonly topic: "fleet" | "jobs" }
  /** The answer to a ping. */
  | { readonly topic?: undefined };

type ComparisonNews = Extract<Message, { topic: "comparison" }>["data"];

/** Comparisons of all readers are announced; this page keeps the nodes of the one it is waiting for. */
function onComparison({ nodes: names, time_range: timeRange, node }: ComparisonNews): void {
  const asked = askedComparison.value;
  if (asked === null || node === undefined || asked.timeRange !== timeRange) return;
  if (asked.names.join("\n") !== names.join("\n")) return;
  askedComparison.value = { ...asked, nodes: [...asked.nodes, node] };
}

/** Topics whose state was received since the page connected. */
const told = new Set<string>();

/** Ignores the first message of a topic: it comes with the connection, while the page fetches its data anyway. */
function refreshUnlessFirst(topic: string): void {
  if (told.has(topic)) refreshSoon();
  told.add(topic);
}

function onMessage(text: string): void {
  const message = JSON.parse(text) as Message;
  switch (message.topic) {
    case "board":
      refreshUnlessFirst(message.topic);
      problems.value = message.data.problems;
      boardName.value = message.data.board_name;
      return;
    case "sync":
      uploadPace.value = message.data;
      return;
    case "comparison":
      onComparison(message.data);
      return;
    case "fleet":
    case "jobs":
      refreshUnlessFirst(message.topic);
      return;
    case undefined:
  }
}

async function lookForLock(): Promise<void> {
  if (await isLocked()) needsLogin.value = true;
}

/** Keeps one connection to the board; each new one begins with the current state. */
export function keepLive(): void {
  keepConnected({
    onOpen: () => {
      isConnected.value = true;
      told.clear();
      // At the first connection, what was just fetched at startup is new enough.
      if (lostAt.value !== null) refreshSoon();
      lostAt.value = null;
    },
    onLost: () => {
      isConnected.value = false;
      lostAt.value ??= new Date();
      begin(lookForLock());
    },
    onMessage,
    mayConnect: () => !needsLogin.value,
  });
}
