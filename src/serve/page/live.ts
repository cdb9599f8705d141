import type { Problem } from "../../board/problems.ts";
import { liveness, needsLogin, problems, refresh } from "./state.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** After so long without a connection what is shown is called old. */
const STALE_AFTER_MS = 10_000;
/** However often the board changes, its answers are fetched no oftener than this. */
const REFRESH_EVERY_MS = 1_000;

let isRefreshing = false;
let isAsked = false;

/** Fetches again what is shown: at once, or when the fetching at work and a pause are over. */
function refreshSoon(): void {
  isAsked = true;
  if (isRefreshing) return;
  isRefreshing = true;
  isAsked = false;
  const over = (): void => {
    setTimeout(() => {
      isRefreshing = false;
      if (isAsked) refreshSoon();
    }, REFRESH_EVERY_MS);
  };
  refresh().then(over, over);
}

function onMessage(text: string): void {
  const message = JSON.parse(text) as { topic?: string; data?: { problems?: readonly Problem[] } };
  if (message.topic === "board") problems.value = message.data?.problems ?? [];
  if (message.topic !== "alert") refreshSoon();
}

/** Keeps one WebSocket to the board; the present state comes with every connection. */
export function keepLive(): void {
  let pauseMs = FIRST_PAUSE_MS;
  let lostAt: Date | null = null;
  const connect = (): void => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    socket.onopen = () => {
      pauseMs = FIRST_PAUSE_MS;
      lostAt = null;
      liveness.value = { type: "live" };
      refreshSoon();
    };
    socket.onmessage = ({ data }) => onMessage(String(data));
    socket.onclose = () => {
      lostAt ??= new Date();
      const isOld = Date.now() - lostAt.getTime() > STALE_AFTER_MS;
      liveness.value = isOld ? { type: "stale", since: lostAt } : { type: "reconnecting" };
      if (!needsLogin.value) setTimeout(connect, pauseMs * (0.5 + Math.random() / 2));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    };
  };
  connect();
  needsLogin.subscribe((needs) => {
    if (!needs && liveness.value.type !== "live" && lostAt !== null) connect();
  });
}
