import {
  type BoardStanding,
  type FleetBoard,
  fleetBoard,
  keptText,
  storedStandings,
} from "../../board/fleet.ts";
import { isBusy } from "../../db/busy.ts";
import type { Store } from "../../db/open.ts";
import { messageOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import type { FleetAccess } from "../../nodes/fleet/access.ts";
import { BoardClient } from "../../nodes/fleet/board-client.ts";
import { followBoards, noteBoard } from "../../nodes/fleet/board-rows.ts";
import { boardTold } from "./board-told.ts";
import { type Followed, followStep, type Heard } from "./follow-board.ts";

export interface FollowerOptions {
  /** As written in [fleet]. */
  readonly urls: readonly string[];
  readonly access: FleetAccess;
  readonly openWritable: () => Promise<Store>;
  readonly signal: AbortSignal;
  /** Called after each answer or failure of a board. */
  readonly onChange: () => void;
  readonly onError: (line: string) => void;
}

const ANSWER_MS = 10_000;
/** How often a reachable board's answer is written to the store: rarely, to spare memory cards. */
const NOTE_EVERY_MS = 10 * 60_000;

/** Follows the fleet's boards: each is polled on its own, whatever happens to the others. */
export class FleetFollower {
  readonly #options: FollowerOptions;
  readonly #boards = new Map<string, Followed>();
  readonly #notedMs = new Map<string, number>();

  private constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Starts from the answers that an earlier process stored. */
  static async open(options: FollowerOptions): Promise<FleetFollower> {
    const follower = new FleetFollower(options);
    using store = await options.openWritable();
    followBoards(store.db, options.urls);
    const kept = new Map(storedStandings(store.db).map((standing) => [standing.url, standing]));
    for (const url of options.urls) {
      const unknown: BoardStanding = { url, toldMs: null, told: null, lostMs: null, reason: null };
      follower.#boards.set(url, { standing: kept.get(url) ?? unknown, misses: 0 });
    }
    return follower;
  }

  boards(nowMs: number): readonly FleetBoard[] {
    return [...this.#boards.values()].map(({ standing }) => fleetBoard(standing, nowMs));
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all(this.#options.urls.map((url) => this.#follow(url)));
  }

  async #follow(url: string): Promise<void> {
    const { access, signal, onChange, onError } = this.#options;
    using client = new BoardClient(url, access);
    let pauseMs = 0;
    while (await wait(pauseMs, signal)) {
      const heard = await this.#ask(client);
      const followed = this.#boards.get(url);
      if (signal.aborted || followed === undefined) return;
      const step = followStep(followed, heard, Date.now());
      this.#boards.set(url, step.followed);
      pauseMs = step.pauseMs;
      onChange();
      try {
        await this.#note(step.followed.standing, step.isTurn);
      } catch (error) {
        onError(`what ${url} told could not be kept: ${messageOf(error)}`);
      }
    }
  }

  async #ask(client: BoardClient): Promise<Heard> {
    const how = { timeoutMs: ANSWER_MS, signal: this.#options.signal };
    const texts: string[] = [];
    for (const path of ["/api/board", "/api/nodes"]) {
      const reply = await client.get(path, how);
      if (reply.type === "unknown-node")
        return { type: "lost", reason: "what answers there is no nodupe serve" };
      if (reply.type !== "told") return { type: "lost", reason: reply.reason };
      texts.push(reply.body.toString("utf8"));
    }
    const [board = "", nodes = ""] = texts;
    const told = boardTold(board, nodes);
    return told === null
      ? { type: "lost", reason: "it tells of itself in a form that is not known" }
      : { type: "told", told };
  }

  async #note(standing: BoardStanding, isTurn: boolean): Promise<void> {
    const nowMs = performance.now();
    const { url, toldMs, lostMs, reason, told } = standing;
    if (!isTurn && nowMs - (this.#notedMs.get(url) ?? -Infinity) < NOTE_EVERY_MS) return;
    try {
      using store = await this.#options.openWritable();
      noteBoard(store.db, { url, toldMs, lostMs, reason, overview: keptText(told) });
      this.#notedMs.set(url, nowMs);
    } catch (error) {
      // Another process is writing for a long time. The next answer will be stored instead.
      if (!isBusy(error)) throw error;
    }
  }
}
