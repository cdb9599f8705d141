import type { Database } from "bun:sqlite";
import { wait } from "../../lib/wait.ts";
import { loadPairState } from "../../nodes/ingest/pair-state.ts";
import { BatchWriter } from "../../nodes/ingest/write.ts";
import { createEvents } from "../../nodes/log/events.ts";
import { DAY_MS, HOUR_MS } from "../../nodes/log/vocabulary.ts";
import { storeSnapshot } from "../../nodes/store/node-snapshot.ts";
import { ensureNode, SatelliteIds } from "../../nodes/store/node-store.ts";
import { type Rollup, SOURCE_LOG } from "../../nodes/store/rollup.ts";
import { DEMO_NODES, DEMO_SATELLITES, type DemoNode, demoHour, demoScores } from "./nodes.ts";

/** What must be there when the page opens: the range it compares first (a week), plus a day. */
const FIRST_DAYS = 8;
const YEAR_DAYS = 365;
/** The rest is written in pieces of about 10 ms each, with pauses between them, so that requests are not held up. */
const PIECE_DAYS = 7;
const REST_MS = 20;

interface Writing {
  readonly node: DemoNode;
  readonly writer: BatchWriter;
}

/**
 * The hours of five nodes: the last week at once, the rest of the year in the background, then new hours as time
 * passes.
 */
export class NodeStory {
  readonly #seed: number;
  readonly #satellites: readonly number[];
  readonly #writings: readonly Writing[];
  /** The start of the part that is written at once. */
  readonly #firstMs: number;
  /** The start of the current hour when it was last written. */
  #hourMs: number;

  constructor(db: Database, { nowMs, seed }: { readonly nowMs: number; readonly seed: number }) {
    this.#seed = seed;
    this.#satellites = new SatelliteIds(db).idsOf(DEMO_SATELLITES);
    this.#writings = DEMO_NODES.map((node) => {
      const row = ensureNode(db, node.name);
      storeSnapshot(db, row.id, nowMs, node.figures);
      const writer = new BatchWriter(db, row, () => undefined);
      writer.commit({
        events: createEvents(0),
        hours: new Map(),
        facts: demoScores(node).map((fields, at) => ({
          type: "reputation",
          timeMs: nowMs - HOUR_MS,
          satellite: DEMO_SATELLITES[at] ?? null,
          satelliteId: this.#satellites[at] ?? 0,
          identity: at,
          fields,
        })),
        state: loadPairState(db, row.id),
        newestMs: null,
        checkpoint: null,
      });
      return { node, writer };
    });
    this.#firstMs = Math.floor(nowMs / DAY_MS - FIRST_DAYS) * DAY_MS;
    this.#hourMs = this.#firstMs;
    this.advance(nowMs);
  }

  /** Writes the hours until now, including the part of the current hour that has passed. */
  advance(nowMs: number): void {
    for (const writing of this.#writings) this.#write(writing, this.#hourMs, nowMs);
    this.#hourMs = Math.max(this.#hourMs, Math.floor(nowMs / HOUR_MS) * HOUR_MS);
  }

  /** Writes the rest of the year, newest first. */
  async fillYear(signal: AbortSignal): Promise<void> {
    for (let day = FIRST_DAYS; day < YEAR_DAYS; day += PIECE_DAYS) {
      const untilMs = this.#firstMs - (day - FIRST_DAYS) * DAY_MS;
      const days = Math.min(PIECE_DAYS, YEAR_DAYS - day);
      for (const writing of this.#writings) {
        if (!(await wait(REST_MS, signal))) return;
        this.#write(writing, untilMs - days * DAY_MS, untilMs);
      }
    }
  }

  #write({ node, writer }: Writing, fromMs: number, untilMs: number): void {
    const hours = new Map<number, Rollup>();
    for (let startMs = fromMs; startMs < untilMs; startMs += HOUR_MS) {
      const passed = Math.min(1, (untilMs - startMs) / HOUR_MS);
      const hour = { node, startMs, passed, satellites: this.#satellites, seed: this.#seed };
      hours.set(startMs, demoHour(hour));
    }
    if (hours.size > 0) writer.commitHours(hours, SOURCE_LOG);
  }
}
