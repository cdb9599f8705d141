import { hostname } from "node:os";
import { readBoard } from "../board/board.ts";
import { readScrape } from "../board/scrape.ts";
import type { Problem } from "../board/problems.ts";
import type { Store } from "../db/open.ts";
import { messageOf } from "../lib/errors.ts";
import { TaskGroup } from "../lib/task-group.ts";
import type { JudgeSettings } from "../nodes/compare/options.ts";
import { prometheusText } from "../render/prometheus.ts";
import { type Alert, Alerts } from "./alerts.ts";
import { apiRoutes } from "./api.ts";
import { pageRoutes } from "./assets.ts";
import { Comparisons } from "./comparisons.ts";
import { Bus } from "./live/bus.ts";
import { Sockets } from "./live/socket.ts";
import { watchStore } from "./live/store-changes.ts";
import { runOnAlert } from "./on-alert.ts";
import type { ServeSettings } from "./options.ts";
import { startServer } from "./server.ts";
import { Sessions } from "./sessions.ts";

export interface BoardServerOptions {
  readonly settings: ServeSettings;
  readonly compareSettings: JudgeSettings;
  readonly token: string | null;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly openStore: (how?: { readonly readonly?: boolean }) => Promise<Store>;
  readonly startCompareWorker: () => Worker;
  readonly workers: number;
  /** How often the store is checked for writes of other processes. */
  readonly lookEveryMs: number;
  readonly graceMs: number;
  readonly signal: AbortSignal;
  readonly onError: (line: string) => void;
  readonly onAlert: (alert: Alert) => void;
  /** What the on_alert command gets beside the alert. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface BoardServer extends AsyncDisposable {
  readonly url: string;
}

/** Comparisons that are seldom repeated: something keeps asking for new ones, at the board's expense. */
function* cacheProblems({ asked, hitShare }: Comparisons): Generator<Problem> {
  if (hitShare === null || asked < LEAST_ASKED || hitShare >= LEAST_HITS) return;
  const text = `only ${Math.round(hitShare * 100)}% of the comparisons were answered from the cache`;
  yield { about: "nodes", key: "cache-hits", text };
}

const LEAST_ASKED = 50;
const LEAST_HITS = 0.5;

/** All of `nodupe serve`: what is in the store, live, over HTTP. */
export async function startBoardServer(options: BoardServerOptions): Promise<BoardServer> {
  const { settings, openStore, onError } = options;
  await using stack = new AsyncDisposableStack();
  // The first start makes the store; from then on reading needs no right to write.
  (await openStore())[Symbol.dispose]();
  const store = stack.use(await openStore({ readonly: true }));
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const bus = new Bus();
  const comparisons = stack.use(
    new Comparisons({
      store,
      settings: options.compareSettings,
      startWorker: options.startCompareWorker,
      workers: options.workers,
    }),
  );
  const sessions = new Sessions({
    token: options.token,
    isSecure: options.tls !== null,
    now: () => performance.now(),
  });
  const sockets = new Sockets(bus, comparisons);
  const api = apiRoutes({
    store,
    openWritable: () => openStore(),
    comparisons,
    sessions,
    bus,
    metrics: () => `${prometheusText(readScrape(store, options.compareSettings, Date.now()))}\n`,
    signal,
    now: Date.now,
  });
  const server = startServer({
    ...settings.listen,
    tls: options.tls,
    allowedHosts: settings.allowedHost,
    routes: new Map([...(await pageRoutes()), ...api]),
    sessions,
    sockets,
    onError,
  });

  const alerts = new Alerts();
  const tasks = new TaskGroup();
  const look = (): void => {
    const nowMs = Date.now();
    const { problems: stored } = readBoard(store, nowMs);
    const problems = [...stored, ...cacheProblems(comparisons)];
    bus.publish({
      topic: "board",
      data: { at: new Date(nowMs).toISOString(), board_name: hostname(), problems },
    });
    for (const alert of alerts.on(problems, nowMs)) {
      bus.publish({ topic: "alert", data: alert });
      options.onAlert(alert);
      if (settings.onAlert === null || alert.type === "cleared") continue;
      const told = { command: settings.onAlert, environment: options.environment };
      tasks.add(runOnAlert(told, alert, signal), (error) => onError(messageOf(error)));
    }
  };
  look();
  tasks.add(watchStore(store, { leastMs: options.lookEveryMs, signal, onChange: look }), (error) =>
    onError(`changes to the store are no longer seen; restart nodupe serve: ${messageOf(error)}`),
  );
  const owned = stack.move();
  return {
    url: server.url,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await server.stop(options.graceMs);
      await tasks.idle();
      await owned.disposeAsync();
    },
  };
}
