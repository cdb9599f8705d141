import type { Database } from "bun:sqlite";
import { isoOrNull } from "../lib/format/moment.ts";
import type { Store } from "../db/open.ts";
import type { NodeOverview } from "../nodes/overview.ts";
import { followedBoards } from "../nodes/fleet/board-rows.ts";
import type { Problem } from "./problems.ts";

/** What another board reports about itself: `/api/board` and `/api/nodes` of its serve, as far as we show it. */
export interface RemoteBoard {
  readonly name: string;
  readonly version: string;
  readonly problem_count: number;
  readonly problems: readonly Problem[];
  readonly clock: {
    readonly at: string;
    readonly source: string | null;
    readonly offset_s: number | null;
    readonly error_bound_s: number | null;
  } | null;
  readonly sync: {
    readonly done: number;
    readonly waiting: number;
    readonly failed: number;
    readonly at_work: boolean;
  };
  readonly nodes: readonly NodeOverview[];
}

/** Another board, as known here. */
export interface FleetBoard {
  readonly url: string;
  readonly name: string | null;
  readonly state: "reachable" | "unreachable" | "unknown";
  /** When it last answered; everything from `version` on dates from then. */
  readonly told: string | null;
  readonly age_s: number | null;
  readonly unreachable_since: string | null;
  readonly unreachable_s: number | null;
  readonly reason: string | null;
  readonly version: string | null;
  readonly healthy: boolean | null;
  readonly problems: readonly Problem[];
  readonly clock: RemoteBoard["clock"];
  readonly sync: RemoteBoard["sync"] | null;
  readonly nodes: readonly NodeOverview[];
}

/** What is known of a followed board: its last answer, and since when there has been none. Times are Unix ms. */
export interface BoardStanding {
  readonly url: string;
  readonly toldMs: number | null;
  readonly told: RemoteBoard | null;
  readonly lostMs: number | null;
  readonly reason: string | null;
}

/** The version of the stored JSON: other versions, written by other releases, are ignored. */
const FORM = 1;

export function keptText(told: RemoteBoard | null): string | null {
  return told === null ? null : JSON.stringify({ form: FORM, told });
}

function parseKept(text: string | null): RemoteBoard | null {
  if (text === null) return null;
  // Written by this program, which checked what came from outside before storing it.
  const kept = JSON.parse(text) as { form: number; told: RemoteBoard };
  return kept.form === FORM ? kept.told : null;
}

/** The followed boards as the `serve` of this board last saw them, possibly an earlier process. */
export function storedStandings(db: Database): readonly BoardStanding[] {
  return followedBoards(db).map(({ overview, ...row }) => ({ ...row, told: parseKept(overview) }));
}

/** A node keeps ageing while its board is away. */
function aged(node: NodeOverview, nowMs: number): NodeOverview {
  return node.newest_line === null
    ? node
    : { ...node, age_s: (nowMs - Date.parse(node.newest_line)) / 1_000 };
}

export function fleetBoard({ url, toldMs, told, lostMs, reason }: BoardStanding, nowMs: number): FleetBoard {
  return {
    url,
    name: told?.name ?? null,
    state: lostMs !== null ? "unreachable" : told === null ? "unknown" : "reachable",
    told: isoOrNull(toldMs),
    age_s: toldMs === null ? null : (nowMs - toldMs) / 1_000,
    unreachable_since: isoOrNull(lostMs),
    unreachable_s: lostMs === null ? null : (nowMs - lostMs) / 1_000,
    reason,
    version: told?.version ?? null,
    healthy: told === null ? null : told.problem_count === 0,
    problems: told?.problems ?? [],
    clock: told?.clock ?? null,
    sync: told?.sync ?? null,
    nodes: (told?.nodes ?? []).map((node) => aged(node, nowMs)),
  };
}

/** The followed boards, as the store knows them. */
export function fleetOf({ db }: Pick<Store, "db">, nowMs: number): readonly FleetBoard[] {
  return storedStandings(db).map((standing) => fleetBoard(standing, nowMs));
}
