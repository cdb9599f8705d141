import { computed, effect, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../board/problems.ts";
import type { NodeResult } from "../../nodes/compare/node-result.ts";
import { type Answers, LoginNeeded, read } from "./api.ts";

export const VIEWS = ["overview", "clock", "nodes", "uploads", "system"] as const;
export type View = (typeof VIEWS)[number];

export const HEADINGS: Readonly<Record<View, string>> = {
  overview: "Overview",
  clock: "Clock",
  nodes: "Nodes",
  uploads: "Uploads",
  system: "System",
};

/** The page's location, with everything that a link must carry: `#/nodes?pick=pi-1,pi-2&range=7d`. */
export interface Place {
  readonly view: View;
  readonly query: URLSearchParams;
}

function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  return { view: VIEWS.find((view) => view === path) ?? "overview", query: new URLSearchParams(query) };
}

export const place = signal<Place>(placeOf(location.hash));
addEventListener("hashchange", () => {
  place.value = placeOf(location.hash);
});

/** Goes to a view, or changes the query of its link. */
export function go(view: View, query: Readonly<Record<string, string>> = {}): void {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  location.hash = `#/${view}${text === "" ? "" : `?${text}`}`;
}

/** Ticks, so that "3 min ago" stays true. */
export const nowMs = signal(Date.now());
setInterval(() => {
  nowMs.value = Date.now();
}, 5_000);

/** Whether the shown data is current: `live`, reconnecting, or stale since a certain time. */
export type Liveness =
  | { readonly type: "live" }
  | { readonly type: "reconnecting" }
  | { readonly type: "stale"; readonly since: Date };

export const isConnected = signal(false);
/** When the connection was lost; null while there is one, and before the first. */
export const lostAt = signal<Date | null>(null);
/** After this long without a connection the shown data is called stale. */
const STALE_AFTER_MS = 10_000;

export const liveness = computed((): Liveness => {
  if (isConnected.value) return { type: "live" };
  const since = lostAt.value;
  const isOld = since !== null && nowMs.value - since.getTime() > STALE_AFTER_MS;
  return isOld ? { type: "stale", since } : { type: "reconnecting" };
});
/** The board's last reported problems; null before the first report. */
export const problems = signal<readonly Problem[] | null>(null);
export const boardName = signal(location.hostname);
export const needsLogin = signal(false);
export const showsNames = signal(false);
/** The last reported speed of uploads. */
export interface UploadPace {
  readonly done_per_s: number | null;
  readonly at_work: boolean;
  /** The run in the board's own process; null if another process runs it, or none does. */
  readonly run?: {
    readonly found: number;
    readonly total: number | null;
    readonly in_flight: number;
    /** Completes "waiting for …"; null if not waiting. */
    readonly waiting: string | null;
  } | null;
}
export const uploadPace = signal<UploadPace | null>(null);

/** The comparison being waited for, and its nodes that are already read. */
export interface AskedComparison {
  readonly names: readonly string[];
  readonly timeRange: string;
  readonly nodes: readonly NodeResult[];
}
export const askedComparison = signal<AskedComparison | null>(null);

/**
 * An answer of the API. While loading for the first time both fields are null. After a failure, `value` may hold an
 * older answer.
 */
export interface Loaded<T> {
  readonly value: T | null;
  readonly error: string | null;
}

type Path = keyof Answers;

const AGAIN_AFTER_MS = 5_000;

const loaded = new Map<string, Signal<Loaded<unknown>>>();
const again = new Map<string, ReturnType<typeof setTimeout>>();

/** The answer of a path. Fetched when first used, and again whenever the board has changed. */
export function answerOf<P extends Path>(path: P, query = ""): Loaded<Answers[P]> {
  const key = path + query;
  let kept = loaded.get(key);
  if (kept === undefined) {
    kept = signal<Loaded<unknown>>({ value: null, error: null });
    loaded.set(key, kept);
    begin(fetchInto(path, query));
  }
  return kept.value as Loaded<Answers[P]>;
}

/** Starts a task without awaiting it. Errors must be shown through the state that the task fills. */
export function begin(task: Promise<unknown>): void {
  const over = (): void => undefined;
  task.then(over, over);
}

async function fetchInto(path: Path, query: string): Promise<void> {
  const kept = loaded.get(path + query);
  if (kept === undefined) return;
  // Cancels a pending retry, so that there is only one.
  clearTimeout(again.get(path + query));
  try {
    kept.value = { value: await read(path, query), error: null };
    needsLogin.value = false;
  } catch (error) {
    if (error instanceof LoginNeeded) needsLogin.value = true;
    kept.value = { value: kept.value.value, error: error instanceof Error ? error.message : String(error) };
    // If the path is no longer used by then, it is not fetched again.
    if (!needsLogin.value)
      again.set(
        path + query,
        setTimeout(() => begin(fetchInto(path, query)), AGAIN_AFTER_MS),
      );
  }
}

const PATHS_OF: Readonly<Record<View, readonly Path[]>> = {
  overview: ["/api/board"],
  clock: ["/api/time"],
  nodes: ["/api/nodes", "/api/fleet"],
  uploads: ["/api/sync", "/api/history"],
  system: ["/api/system", "/api/fleet", "/api/jobs"],
};
/** Does not change while the board runs. */
const FIXED: readonly Path[] = ["/api/metrics"];

/** Fetches again what the current view shows, and drops the rest. */
export async function refresh(): Promise<void> {
  const shown = PATHS_OF[place.value.view];
  const tasks: Promise<void>[] = [];
  for (const key of loaded.keys()) {
    const [path = "", query] = key.split("?");
    if (FIXED.some((one) => one === path)) continue;
    const known = shown.find((one) => one === path);
    if (known === undefined) loaded.delete(key);
    else tasks.push(fetchInto(known, query === undefined ? "" : `?${query}`));
  }
  await Promise.all(tasks);
}

effect(() => {
  const many = problems.value?.length ?? 0;
  document.title = `${many > 0 ? `(${many}) ` : ""}${HEADINGS[place.value.view]} – ${boardName.value} – nodupe`;
});
