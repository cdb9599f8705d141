import type { Board } from "../../board/board.ts";
import type { RunProgress } from "../../upload/report/progress.ts";
import type { StoredStates } from "../comparisons/node-states.ts";
import type { Bus } from "./bus.ts";
import { Rate } from "./rates.ts";

export interface LiveStatesOptions {
  readonly bus: Bus;
  /** Counts the ingested events. */
  readonly states: StoredStates;
  /** The upload that this process runs; null if none. */
  readonly ownRun: () => { readonly folder: string; readonly stand: RunProgress | null } | null;
}

/** What the store says about uploads. */
interface SyncSeen {
  readonly destinations: Board["sync"]["destinations"];
  readonly at_work: boolean;
  readonly done_per_s: number | null;
}

/** The progress of this process's run, in the API's form. */
function runTold(folder: string, stand: RunProgress): object {
  const { found, total, uploaded, duplicateLocal, duplicateRemote, failed, sentBytes, inFlight, waiting } =
    stand;
  return {
    folder,
    found,
    total,
    uploaded,
    duplicate_local: duplicateLocal,
    duplicate_remote: duplicateRemote,
    failed,
    sent_bytes: sentBytes,
    in_flight: inFlight,
    waiting: waiting?.for ?? null,
  };
}

/**
 * Publishes the current state of each job from the store, whichever process runs it: the newest measurement, the state
 * of uploads, how fast logs come in.
 */
export class LiveStates {
  readonly #options: LiveStatesOptions;
  readonly #done = new Rate();
  readonly #events = new Map<string, Rate>();
  readonly #told = new Map<string, string>();
  #sync: SyncSeen = { destinations: [], at_work: false, done_per_s: null };

  constructor(options: LiveStatesOptions) {
    this.#options = options;
  }

  /** Call when the store has changed, or has been quiet for a while. */
  look({ time, sync, nodes }: Board): void {
    const atMs = performance.now();
    if (time.last !== null) {
      const { at, source, authenticated, server, offset_s, error_bound_s } = time.last;
      this.#tell("time", { at, source, authenticated, server, offset_s, error_bound_s });
    }
    const done = sync.destinations.reduce((sum, destination) => sum + destination.done, 0);
    this.#sync = {
      destinations: sync.destinations,
      at_work: sync.runs.some(({ at_work: isAtWork }) => isAtWork),
      done_per_s: this.#done.look(done, atMs),
    };
    this.lookAtRun();
    this.#tell("ingest", {
      nodes: nodes.map(({ node_name, newest_line }) => ({
        node_name,
        newest_line,
        events_per_s: this.#eventsPerS(node_name, atMs),
      })),
    });
  }

  /** Separate from `look` because the progress of this process's run is not in the store. */
  lookAtRun(): void {
    const { destinations, at_work, done_per_s } = this.#sync;
    const own = this.#options.ownRun();
    const run = own === null || own.stand === null || !at_work ? null : runTold(own.folder, own.stand);
    this.#tell("sync", { destinations, at_work, done_per_s, run });
  }

  #eventsPerS(name: string, atMs: number): number | null {
    const state = this.#options.states.of(name);
    if (state.type !== "stored") return null;
    const rate = this.#events.get(name) ?? new Rate();
    this.#events.set(name, rate);
    return rate.look(state.added, atMs);
  }

  /** Publishes only what has changed. */
  #tell(topic: "time" | "sync" | "ingest", data: object): void {
    const text = JSON.stringify(data);
    if (this.#told.get(topic) === text) return;
    this.#told.set(topic, text);
    this.#options.bus.publish({ topic, data: { seen: new Date().toISOString(), ...data } });
  }
}
