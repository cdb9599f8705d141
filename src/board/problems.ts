import type { NodeOverview } from "../nodes/overview.ts";
import type { ClockOverview } from "../time/overview.ts";
import type { RunOverview, UploadsOverview } from "../upload/ledger/overview.ts";
import type { StoreCheck } from "./check-store.ts";
import type { DamagedPart } from "../nodes/store/damage.ts";
import { humanBytes } from "../lib/format/bytes.ts";
import { plural } from "../lib/format/count.ts";

/** The areas that a problem can belong to. */
export const PROBLEM_SUBJECTS = ["time", "sync", "nodes", "store", "fleet", "jobs"] as const;

/** Something that somebody should look at. */
export interface Problem {
  readonly about: (typeof PROBLEM_SUBJECTS)[number];
  /** The same for the same problem, so that an alert is sent only once. */
  readonly key: string;
  /** A sentence without a full stop. It begins with a word or a number, never with a name. */
  readonly text: string;
}

interface Parts {
  readonly time: ClockOverview;
  readonly sync: UploadsOverview;
  readonly nodes: readonly NodeOverview[];
  readonly store: {
    readonly free_bytes: number | null;
    readonly total_bytes: number | null;
    readonly damaged: StoreCheck | null;
  };
  readonly fleet: readonly {
    readonly url: string;
    readonly name: string | null;
    readonly unreachable_since: string | null;
    readonly unreachable_s: number | null;
    readonly reason: string | null;
  }[];
}

/** A clock is off if it is certainly off by more than this, which cron jobs, TOTP and TLS still tolerate. */
const OFFSET_S = 1;
/** A clock counts as measured if that happens at least this often. */
const MEASURED_EVERY_S = 3 * 86_400;
const FAILED_PERCENT = 10;
/** With fewer operations, a share of failures means nothing. */
const LEAST_OPERATIONS = 100;
const SILENT_S = 3 * 3_600;
const LEAST_ONLINE_SCORE = 0.95;
const LEAST_AUDIT_SCORE = 0.98;
const LEAST_FREE = 0.05;
/** A server or a board that restarts is away for less time. */
const AWAY_S = 120;

function minuteText(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

function hours(seconds: number): string {
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`;
}

function* clockProblems({ last, age_s: ageS }: ClockOverview): Generator<Problem> {
  if (last === null || ageS === null) return;
  const offsetS = Math.abs(last.offset_s ?? 0);
  if (offsetS - (last.error_bound_s ?? 0) > OFFSET_S && last.action === "none") {
    const direction = (last.offset_s ?? 0) > 0 ? "slow" : "fast";
    const text = `The clock is ${offsetS.toFixed(1)} s ${direction}; set it with: sudo nodupe time --set`;
    yield { about: "time", key: "clock-off", text };
  }
  if (ageS > MEASURED_EVERY_S)
    yield {
      about: "time",
      key: "clock-unknown",
      text: `The clock was last measured ${hours(ageS)} ago; measure it with: nodupe time`,
    };
}

function* uploadProblems(sync: UploadsOverview): Generator<Problem> {
  for (const { url, failed } of sync.destinations) {
    if (failed === 0) continue;
    const what = failed === 1 ? "1 CV was refused" : `${failed} CVs were refused`;
    const text = `${what} by ${url}; see: nodupe history list --state failed`;
    yield { about: "sync", key: `failed:${url}`, text };
  }
  for (const place of sync.destinations) {
    const { url } = place;
    const newest = sync.runs.find(({ destination }) => destination === url);
    const isAtWork =
      newest?.at_work === true ||
      sync.watches.some(({ destination, at_work: isWatched }) => isWatched && destination === url);
    if (isAtWork) yield* outageProblems(place);
    else if (newest !== undefined) yield* runProblems(newest, sync);
  }
}

/** Whether a run named a server by mistake: nothing is kept for it, and another run of the folder followed. */
function wasMistaken({ destination, folder, started }: RunOverview, sync: UploadsOverview): boolean {
  const place = sync.destinations.find(({ url }) => url === destination);
  const isEmpty = place === undefined || place.done + place.pending + place.sending + place.failed === 0;
  return isEmpty && sync.runs.some((later) => later.folder === folder && later.started > started);
}

/** What is wrong with the newest run on a destination on which nothing is at work. */
function* runProblems(run: RunOverview, sync: UploadsOverview): Generator<Problem> {
  const { destination, ended, folder, started, result } = run;
  const of = `The upload of ${folder} to ${destination}, started ${minuteText(started)},`;
  if (ended === null) {
    const text = `${of} was cut off; run it again: nodupe sync`;
    yield { about: "sync", key: `cut-off:${destination}`, text };
    return;
  }
  const reason = result?.error?.reason;
  if (reason !== undefined) {
    if (wasMistaken(run, sync)) return;
    const text = `${of} could not go on: ${reason}; run it again: nodupe sync`;
    yield { about: "sync", key: `stopped:${destination}`, text };
    return;
  }
  // Those that were refused for good are a problem of their own.
  const refused = sync.destinations.find(({ url }) => url === destination)?.failed ?? 0;
  const failed = (result?.failed ?? 0) - refused;
  if (failed <= 0) return;
  const text = `${failed === 1 ? "1 CV" : `${failed} CVs`} in ${folder} could not be uploaded; see why: nodupe sync`;
  yield { about: "sync", key: `unsent:${destination}`, text };
}

/** A server that a run or a watch is waiting for. */
function* outageProblems({
  url,
  pending,
  sending,
  breaker,
}: UploadsOverview["destinations"][number]): Generator<Problem> {
  const { since, open_s: openS, reason } = breaker;
  if (since === null || openS === null || openS < AWAY_S) return;
  const waiting = pending + sending;
  const what = waiting === 0 ? "" : `; ${waiting === 1 ? "1 CV waits" : `${waiting} CVs wait`}`;
  const text = `The server ${url} has accepted no uploads since ${minuteText(since)}: ${reason ?? "unknown"}${what}`;
  yield { about: "sync", key: `outage:${url}`, text };
}

function* watchProblems({ watches }: UploadsOverview): Generator<Problem> {
  for (const { destination, folder, at_work: atWork, mode } of watches) {
    if (!atWork) {
      const text = `The folder ${folder} is no longer watched: its process has ended; start it again: nodupe sync --watch`;
      yield { about: "sync", key: `unwatched:${destination}`, text };
    } else if (mode === "absent") {
      yield {
        about: "sync",
        key: `absent:${destination}`,
        text: `The watched folder ${folder} is missing`,
      };
    }
  }
}

function* shareProblems({ shares }: UploadsOverview): Generator<Problem> {
  for (const { destination, address, state, reason, at_work: atWork } of shares) {
    if (state !== "away" || !atWork) continue;
    const text = `The shared store ${address} does not answer (${reason ?? "unknown"}): no upload begins without it`;
    yield { about: "sync", key: `share-away:${destination}`, text };
  }
}

function* nodeProblems(node: NodeOverview): Generator<Problem> {
  const { node_name: name, age_s: ageS, failed_percent: failed, standing } = node;
  if (ageS !== null && ageS > SILENT_S)
    yield { about: "nodes", key: `silent:${name}`, text: `Node ${name} has been silent for ${hours(ageS)}` };
  if (failed !== null && failed > FAILED_PERCENT && node.total_operations >= LEAST_OPERATIONS)
    yield {
      about: "nodes",
      key: `failing:${name}`,
      text: `${failed.toFixed(1)}% of the operations of ${name} in the last 24 hours failed`,
    };
  if (node.damaged_hours > 0)
    yield {
      about: "nodes",
      key: `damaged:${name}`,
      text: `Of the last 24 hours of ${name}, the figures of ${node.damaged_hours} are damaged in the store; see: nodupe status --deep`,
    };
  if (standing === null) return;
  const scores = [
    ["audit", standing.audit_score, LEAST_AUDIT_SCORE],
    ["online", standing.online_score, LEAST_ONLINE_SCORE],
  ] as const;
  for (const [score, value, least] of scores) {
    if (value === null || value >= least) continue;
    const text = `The ${score} score of ${name} is ${(value * 100).toFixed(1)}%`;
    yield { about: "nodes", key: `${score}-score:${name}`, text };
  }
  if ((standing.disqualified ?? 0) > 0)
    yield {
      about: "nodes",
      key: `disqualified:${name}`,
      text: `Node ${name} is disqualified on ${plural(standing.disqualified ?? 0, "satellite")}`,
    };
  if ((standing.suspended ?? 0) > 0)
    yield {
      about: "nodes",
      key: `suspended:${name}`,
      text: `Node ${name} is suspended on ${plural(standing.suspended ?? 0, "satellite")}`,
    };
}

const DAMAGED: Readonly<Record<DamagedPart["part"], string>> = {
  events: "Events",
  hour: "Figures of hours",
  day: "Figures of days",
  operations_in_flight: "Operations in flight",
  checkpoint: "Places where logs are taken up again",
  kept_hour: "Hours reported by another board",
};
/** How many of one kind are listed one by one. */
const MOST_SHOWN = 3;

function spanText({ since, until }: DamagedPart): string[] {
  return since === null || until === null ? [] : [`${minuteText(since)} to ${minuteText(until)}`];
}

function* damageProblems({ damaged }: Parts["store"]): Generator<Problem> {
  if (damaged === null) return;
  for (const fault of damaged.pages.slice(0, MOST_SHOWN))
    yield { about: "store", key: "damaged-pages", text: `The store's database is damaged: ${fault}` };
  const kinds = Map.groupBy(damaged.parts, ({ node_name: name, part }) => `${part}:${name}`);
  for (const [key, parts] of kinds) {
    const [first] = parts;
    if (first === undefined) continue;
    const spans = parts.flatMap(spanText);
    const shown = spans.slice(0, MOST_SHOWN).join(", ");
    const more = spans.length > MOST_SHOWN ? ` and ${spans.length - MOST_SHOWN} more` : "";
    const where = spans.length === 0 ? "" : `: ${shown}${more}`;
    yield {
      about: "store",
      key: `damaged-${key}`,
      text: `${DAMAGED[first.part]} of ${first.node_name} are damaged in the store${where}`,
    };
  }
}

function* storeProblems({ free_bytes: free, total_bytes: total }: Parts["store"]): Generator<Problem> {
  if (free === null || total === null || free >= total * LEAST_FREE) return;
  yield {
    about: "store",
    key: "disk-full",
    text: `The disk of the store is nearly full: ${humanBytes(free)} of ${humanBytes(total)} are free`,
  };
}

function* fleetProblems({
  url,
  name,
  unreachable_s: awayS,
  ...board
}: Parts["fleet"][number]): Generator<Problem> {
  if (awayS === null || awayS < AWAY_S) return;
  const since = minuteText(board.unreachable_since ?? "");
  const text = `The board ${name === null ? url : `${name} (${url})`} has not answered since ${since}: ${board.reason}`;
  yield { about: "fleet", key: `away:${url}`, text };
}

/** What is wrong, by fixed rules; the same board always gives the same problems. */
export function problemsOf(parts: Parts): readonly Problem[] {
  return [
    ...clockProblems(parts.time),
    ...uploadProblems(parts.sync),
    ...watchProblems(parts.sync),
    ...shareProblems(parts.sync),
    ...parts.nodes.flatMap((node) => [...nodeProblems(node)]),
    ...storeProblems(parts.store),
    ...damageProblems(parts.store),
    ...parts.fleet.flatMap((board) => [...fleetProblems(board)]),
  ];
}
