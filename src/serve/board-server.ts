import { hostname } from "node:os";
import { type Board, readBoard } from "../board/board.ts";
import { readScrape } from "../board/scrape.ts";
import type { FleetBoard } from "../board/fleet.ts";
import type { Problem } from "../board/problems.ts";
import type { Store } from "../db/open.ts";
import { openedFile } from "../db/opened-file.ts";
import { messageOf } from "../lib/errors.ts";
import { wait } from "../lib/wait.ts";
import { TaskGroup } from "../lib/task-group.ts";
import type { JudgeSettings } from "../nodes/compare/options.ts";
import type { FleetAccess } from "../nodes/fleet/access.ts";
import type { Link } from "../redis/link.ts";
import { prometheusText } from "../render/prometheus.ts";
import { type Alert, Alerts } from "./alerts.ts";
import { apiRoutes } from "./api.ts";
import { pageRoutes } from "./assets.ts";
import { computeAhead } from "./comparisons/ahead.ts";
import { ComparePool } from "./comparisons/compare-pool.ts";
import { Comparisons } from "./comparisons/comparisons.ts";
import { StoredStates } from "./comparisons/node-states.ts";
import { SharedCache } from "./comparisons/shared-cache.ts";
import { ServeDurations } from "./durations.ts";
import { FleetFollower } from "./fleet/fleet-follower.ts";
import { type Job, Jobs } from "./jobs/jobs.ts";
import { Bus, type LiveEvent } from "./live/bus.ts";
import { LiveStates, type LiveStatesOptions } from "./live/live-states.ts";
import { Sockets } from "./live/socket.ts";
import { watchStore } from "./live/store-changes.ts";
import { MemoryKeeper } from "./memory.ts";
import { runOnAlert } from "./on-alert.ts";
import type { ServeSettings } from "./options.ts";
import { startServer } from "./server.ts";
import { Sessions } from "./sessions.ts";

export interface BoardServerOptions {
  readonly settings: ServeSettings;
  readonly compareSettings: JudgeSettings;
  readonly token: string | null;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** The other boards to follow, and the credentials for them. */
  readonly fleet: { readonly boards: readonly string[]; readonly access: FleetAccess };
  /** The store in which several servers share comparisons; null if [shared] names none. */
  readonly shared: Link | null;
  /** The jobs this process runs besides serving. */
  readonly jobs: readonly Job[];
  /** The upload job's run, if there is one. */
  readonly ownRun: LiveStatesOptions["ownRun"];
  readonly openStore: (how?: { readonly readonly?: boolean }) => Promise<Store>;
  readonly startCompareWorker: () => Worker;
  readonly workers: number;
  /** How often the store is checked for writes by other processes. */
  readonly lookEveryMs: number;
  readonly graceMs: number;
  readonly signal: AbortSignal;
  readonly onError: (line: string) => void;
  readonly onAlert: (alert: Alert) => void;
  /** The environment of the on_alert command, besides the alert. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface BoardServer extends AsyncDisposable {
  readonly url: string;
}

/** Reports a low cache hit rate: something keeps asking for new comparisons, which costs the board time. */
function* cacheProblems({ asked, hitShare }: Comparisons): Generator<Problem> {
  if (hitShare === null || asked < LEAST_ASKED || hitShare >= LEAST_HITS) return;
  const text = `Only ${Math.round(hitShare * 100)}% of the comparisons were answered from the cache`;
  yield { about: "nodes", key: "cache-hits", text };
}

const LEAST_ASKED = 50;
const LEAST_HITS = 0.5;

/** Reports that another file has taken the place of the store: what is shown would stay as it is for ever. */
function* storeProblems(path: string, isThere: () => boolean): Generator<Problem> {
  if (isThere()) return;
  const text = `The store ${path} was removed or replaced, and what is shown here is old; restart nodupe serve`;
  yield { about: "store", key: "store-gone", text };
}

/** How often the progress of this process's run is checked. */
const RUN_LOOK_MS = 1_000;

async function watchRun(live: LiveStates, signal: AbortSignal): Promise<void> {
  while (await wait(RUN_LOOK_MS, signal)) live.lookAtRun();
}

/** Without the nodes: pages that show them fetch them. */
function fleetEvent(boards: readonly FleetBoard[]): LiveEvent {
  return { topic: "fleet", data: { boards: boards.map((board) => ({ ...board, nodes: undefined })) } };
}

/** Starts `nodupe serve`: serves the store's content over HTTP, with live updates. */
export async function startBoardServer(options: BoardServerOptions): Promise<BoardServer> {
  const { settings, openStore, onError } = options;
  await using stack = new AsyncDisposableStack();
  // The first start creates the store; after that reading needs no write permission.
  (await openStore())[Symbol.dispose]();
  const store = stack.use(await openStore({ readonly: true }));
  const isStoreThere = openedFile(store.path);
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const bus = new Bus();
  const durations = new ServeDurations();
  const states = new StoredStates(store.db);
  const jobs = new Jobs(options.jobs, () => bus.publish({ topic: "jobs", data: { jobs: jobs.told() } }));
  const live = new LiveStates({ bus, states, ownRun: options.ownRun });
  const follower = await FleetFollower.open({
    urls: options.fleet.boards,
    access: options.fleet.access,
    openWritable: () => openStore(),
    signal,
    onChange: () => bus.publish(fleetEvent(follower.boards(Date.now()))),
    onError,
  });
  const pool = new ComparePool({ startWorker: options.startCompareWorker, workers: options.workers });
  const comparisons = stack.use(
    new Comparisons({
      store,
      states,
      settings: options.compareSettings,
      pool,
      shared:
        options.shared === null
          ? null
          : new SharedCache({
              link: options.shared,
              ttlMs: options.compareSettings.cacheTtl,
              store,
              boards: () => follower.boards(Date.now()),
              onNotice: onError,
            }),
      access: options.fleet.access,
      boards: () => follower.boards(Date.now()),
      onEvent: (event) => bus.publish({ topic: "comparison", data: event }),
      onAnswered: (how, seconds) => durations.comparison(how, seconds),
      onFailure: onError,
    }),
  );
  const boardNow = (): Board => {
    const board = readBoard(store, Date.now(), { fleet: follower.boards(Date.now()) });
    const problems = [
      ...storeProblems(store.path, isStoreThere),
      ...board.problems,
      ...jobs.problems(),
      ...cacheProblems(comparisons),
    ];
    return { ...board, problems, healthy: problems.length === 0 };
  };
  const sessions = new Sessions({
    token: options.token,
    isSecure: options.tls !== null,
    now: () => performance.now(),
  });
  const memory = new MemoryKeeper();
  const sockets = new Sockets(bus, { comparisons, memory });
  const api = apiRoutes({
    store,
    boardNow,
    jobs: () => jobs.told(),
    openWritable: () => openStore(),
    comparisons,
    sessions,
    bus,
    metrics: () => {
      const scrape = readScrape(store, options.compareSettings, Date.now(), follower.boards(Date.now()));
      const own = durations.text();
      return `${prometheusText(scrape)}
${
  own === ""
    ? ""
    : `${own}
`
}`;
    },
    queryTimeout: options.compareSettings.queryTimeout,
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
    memory,
    onAnswered: (path, status, seconds) => durations.request(path, status, seconds),
    onError,
  });

  const alerts = new Alerts();
  const tasks = new TaskGroup();
  const look = (): void => {
    const nowMs = Date.now();
    const board = boardNow();
    live.look(board);
    const { problems } = board;
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
  tasks.add(jobs.run(signal), (error) => onError(`jobs are no longer run: ${messageOf(error)}`));
  if (options.jobs.length > 0) tasks.add(watchRun(live, signal), (error) => onError(messageOf(error)));
  tasks.add(computeAhead(comparisons, signal), (error) =>
    onError(`common comparisons are no longer computed ahead: ${messageOf(error)}`),
  );
  tasks.add(memory.settle(signal), (error) => onError(messageOf(error)));
  tasks.add(follower.run(), (error) => onError(`boards are no longer followed: ${messageOf(error)}`));
  tasks.add(
    watchStore(store, { leastMs: options.lookEveryMs, signal, isThere: isStoreThere, onChange: look }),
    (error) => onError(`changes to the store are no longer seen; restart nodupe serve: ${messageOf(error)}`),
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
