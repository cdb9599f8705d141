import type { FleetBoard } from "../../board/fleet.ts";
import type { Store } from "../../db/open.ts";
import { messageOf } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import type { Answer } from "../../nodes/compare/answer.ts";
import type { CompareTask } from "../../nodes/compare/compare-task.ts";
import type { Link } from "../../redis/link.ts";
import { nodeMark } from "./node-states.ts";

export interface SharedCacheOptions {
  readonly link: Link;
  readonly ttlMs: number;
  readonly store: Store;
  readonly boards: () => readonly FleetBoard[];
  /** Called when the store becomes unreachable and when it is back. */
  readonly onNotice: (line: string) => void;
}

/** The prefix of this program's keys, in a store that other programs may use as well. */
const PREFIX = "nodupe:comparison:";
/** Longer answers are not shared. Twenty nodes over a month take a fifth of this. */
const MOST_BYTES = 1_048_576;
/** How long a store that failed is left alone, so that questions do not each wait for it. */
const REST_MS = 30_000;

const GET = "return {redis.call('GET', KEYS[1]) or ''}";
const PUT = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return {1}";

/** Parses a stored answer; null if it is not one. The key already says which program made it, and from what. */
function answerOf(text: string): Answer | null {
  try {
    const value = JSON.parse(text) as Partial<Answer> | null;
    const isWhole =
      Array.isArray(value?.nodes) &&
      Array.isArray(value.verdicts) &&
      Array.isArray(value.why) &&
      Array.isArray(value.caveats) &&
      Number.isFinite(value.sinceMs) &&
      Number.isFinite(value.untilMs);
    return isWhole ? (value as Answer) : null;
  } catch {
    return null;
  }
}

/**
 * Comparisons that other `serve` processes have computed from the same figures, in the shared store. Optional: while
 * the store is unreachable, each process computes for itself.
 */
export class SharedCache {
  readonly #options: SharedCacheOptions;
  #restUntilMs = -Infinity;
  #isAway = false;

  constructor(options: SharedCacheOptions) {
    this.#options = options;
  }

  /** Finds an answer to the same question about the same figures; null if there is none. */
  async find(task: CompareTask): Promise<Answer | null> {
    if (!this.#isUsed) return null;
    const [text] = await this.#run(GET, this.#keyOf(task), []);
    const answer = typeof text === "string" && text !== "" ? answerOf(text) : null;
    return answer === null ? null : { ...answer, cached: true };
  }

  /** Stores an answer for the other processes. */
  async keep(task: CompareTask, answer: Answer): Promise<void> {
    const text = JSON.stringify(answer);
    if (!this.#isUsed || text.length > MOST_BYTES) return;
    await this.#run(PUT, this.#keyOf(task), [text, `${Math.ceil(this.#options.ttlMs)}`]);
  }

  get #isUsed(): boolean {
    return this.#options.ttlMs > 0 && performance.now() >= this.#restUntilMs;
  }

  /** Covers everything that the answer depends on. The order of the nodes does not matter. */
  #keyOf({ nodes, question }: CompareTask): string {
    const { store, boards } = this.#options;
    const known = nodes.some(({ url }) => url !== null) ? boards() : [];
    const marks = nodes.map(({ name, url }) => {
      if (url === null) return JSON.stringify([name, nodeMark(store.db, name)]);
      const board = known.find((other) => other.url === url);
      const of = board?.nodes.find(({ node_name: other }) => other === name);
      return JSON.stringify([name, url, board?.state, of?.newest_line, of?.total_operations]);
    });
    const { type, pairs, window, minGap, minLatencyGap, egressUsd, repairUsd, auditUsd, storageUsd } =
      question;
    const settings = [type, pairs, window, minGap, minLatencyGap, egressUsd, repairUsd, auditUsd, storageUsd];
    return JSON.stringify([VERSION, marks.toSorted(), settings]);
  }

  async #run(script: string, key: string, args: readonly string[]): Promise<readonly (string | number)[]> {
    const { link, onNotice } = this.#options;
    try {
      const digest = new Bun.CryptoHasher("sha256").update(key).digest("hex");
      const reply = await link.run(script, [PREFIX + digest], args);
      if (this.#isAway) onNotice(`the shared store ${link.address} is back: comparisons are shared again`);
      this.#isAway = false;
      return reply;
    } catch (error) {
      this.#restUntilMs = performance.now() + REST_MS;
      if (!this.#isAway)
        onNotice(`the shared store ${link.address}: ${messageOf(error)}: comparisons are not shared for now`);
      this.#isAway = true;
      return [];
    }
  }
}
