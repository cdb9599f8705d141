import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { storeOptions } from "../db/options.ts";
import { Failure } from "../lib/errors.ts";
import { confine, TEMPORARY_FOLDERS } from "../lib/ffi/landlock.ts";
import { wait } from "../lib/wait.ts";
import { judgeOptions } from "../nodes/compare/options.ts";
import { requireSafe } from "../nodes/fleet/board-url.ts";
import { followedOptions } from "../nodes/fleet/options.ts";
import { boardJobs, comparisonLink, jobSections } from "./serve/board-jobs.ts";
import { fleetAccess } from "./access/fleet-access.ts";
import type { Alert } from "../serve/alerts.ts";
import { serveOptions, type ServeSettings } from "../serve/options.ts";
import { command, type ExitCode, type Invocation } from "./command-line/command.ts";
import { readTls } from "./access/certificates.ts";
import { readClosedSecret } from "./access/secret-file.ts";
import { serviceManager } from "./command-line/service-manager.ts";

const LEAST_TOKEN = 16;
/** How long another process's write may take to reach the page: the contract says 5 s. */
const LOOK_EVERY_MS = 1_000;
const GRACE_MS = 4_000;

function readToken(file: string | null): string | null {
  if (file === null) return null;
  return readClosedSecret(file, "--token-file", ({ length }) => {
    if (length >= LEAST_TOKEN) return;
    throw new Failure(
      "usage",
      `the token in ${file} has ${length} characters; expected ${LEAST_TOKEN} or more, such as: openssl rand -hex 24`,
    );
  });
}

const OPTIONS = {
  store: storeOptions,
  serve: serveOptions,
  compare: judgeOptions,
  fleet: followedOptions,
  ...jobSections,
} as const;

const NO_FLEET = { tokenFile: null, caFile: null, insecureHttp: false };

/** The demo is the same for everybody, so that people can talk about what they see. */
const DEMO_SEED = 1;

/** A problem's sentence as a message after `warning:`, which begins in lower case. */
function alertLine({ type, problem: { text } }: Alert): string {
  return `${type === "raised" ? "" : "resolved: "}${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

async function runServe(call: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { terminal, signal, environment } = call;
  const given: ServeSettings = call.options.serve;
  if (given.demo && call.origins.store.db.source === "flag")
    throw new Failure("usage", "--demo has a store of its own; leave --db away, or --demo");
  // The demo's alerts must not call anybody.
  const settings = given.demo ? { ...given, onAlert: null } : given;
  const token = readToken(settings.tokenFile);
  const tls = readTls(settings.tlsCert, settings.tlsKey);
  const { isLoopback } = await import("../serve/server.ts");
  if (token === null && !isLoopback(settings.listen.hostname))
    throw new Failure(
      "usage",
      `${settings.listen.hostname} can be reached from other machines: give a token with --token-file FILE, or listen on 127.0.0.1`,
    );
  const { startBoardServer } = await import("../serve/board-server.ts");
  const { startCompareWorker } = await import("../workers.ts");
  using manager = await serviceManager(environment, terminal);
  const onError = (line: string): void => terminal.error(line);
  await using demo = settings.demo
    ? (await import("../serve/demo/demo.ts")).startDemo({ seed: DEMO_SEED, signal, onError })
    : null;
  // The demo follows no other boards.
  const boards = settings.demo ? [] : call.options.fleet.boards;
  const access = fleetAccess(settings.demo ? NO_FLEET : call.options.fleet, environment);
  for (const url of boards) requireSafe(url, access.insecureHttp);
  const { jobs, sync } = await boardJobs(call, settings);
  // A server that only shows the store writes nothing else. Jobs, and a command for alerts, may need to.
  if (jobs.length === 0 && settings.onAlert === null && demo === null) {
    using store = await call.openStore();
    confine({ folders: [...TEMPORARY_FOLDERS, dirname(store.path)], network: true });
  }
  using shared = settings.demo ? null : await comparisonLink(call);
  await using running = await startBoardServer({
    settings,
    compareSettings: call.options.compare,
    token,
    tls,
    fleet: { boards, access },
    jobs,
    shared,
    ownRun: () => (sync === null ? null : { folder: sync.folder, stand: sync.stand() }),
    openStore: demo?.openStore ?? call.openStore,
    startCompareWorker,
    workers: Math.max(1, availableParallelism()),
    lookEveryMs: LOOK_EVERY_MS,
    graceMs: GRACE_MS,
    signal,
    environment,
    onError,
    onAlert: (alert) => terminal.warn(alertLine(alert)),
  });
  if (terminal.json) await terminal.resultJson({ url: running.url });
  else await terminal.result(running.url);
  manager.ready(running.url);
  while (!signal.aborted) await wait(2 ** 31 - 1, signal);
  manager.stopping();
  return 0;
}

export const serve = command({
  name: "serve",
  purpose: "Serves a web page and an API for this board.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: OPTIONS,
  details:
    "The page shows the clock, the nodes and the uploads, and updates itself. Without a token, only this machine can reach it. With --time, --sync and --follow the whole board runs in this one process, each by its own settings: see the help of nodupe time, sync and ingest. A job that fails is started again, and the page goes on. It runs until it is interrupted.",
  toldElsewhere: Object.keys(jobSections),
  examples: [
    ["nodupe serve", "then open http://127.0.0.1:8080"],
    ["nodupe serve --demo", "try the page with made-up data"],
    [
      "nodupe serve --time --sync /srv/cvs --follow pi-1=/var/log/storagenode.log",
      "the whole board in one process",
    ],
    [
      "nodupe serve --listen 0.0.0.0:8443 --token-file token --tls-cert c.pem --tls-key k.pem",
      "for other machines",
    ],
  ],
  result: () => import("../render/results/board.ts").then((module) => module.serveResult),
  exitCodes: {
    1: "the address is in use",
    2: "usage error, or a token is required",
    5: "not permitted to listen on that address",
  },
  readsConfig: ({ flags }) => flags.get("serve")?.get("demo") !== true,
  run: runServe,
});
