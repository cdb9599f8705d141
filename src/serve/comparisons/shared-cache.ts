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
  /** Told when the store goes away, and when it is back. */
  readonly onNotice: (line: string) => void;
}

/** Keys of this program's comparisons in a store that others may use as well. */
const PREFIX = "nodupe:comparison:";
/** A longer answer is computed by whoever wants it: twenty nodes over a month have a fifth of it. */
const MOST_BYTES = 1_048_576;
/** A store that failed is left alone for so long: nobody waits for it with each question. */
const REST_MS = 30_000;

const GET = "return {redis.call('GET', KEYS[1]) or ''}";
const PUT = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return {1}";

/** The answer that a text holds; null where it is none. The key says by which program, and from what, it was made. */
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
 * Comparisons that another `serve` has computed from the same figures, in the shared store. It is a favour: where the
 * store is away, each computes for itself.
 */
export class SharedCache {
  readonly #options: SharedCacheOptions;
  #restUntilMs = -Infinity;
  #isAway = false;

  constructor(options: SharedCacheOptions) {
    this.#options = options;
  }

  /** An answer to the same question about the same figures; null where nobody has left one. */
  async find(task: CompareTask): Promise<Answer | null> {
    if (!this.#isUsed) return null;
    const [text] = await this.#run(GET, this.#keyOf(task), []);
    const answer = typeof text === "string" && text !== "" ? answerOf(text) : null;
    return answer === null ? null : { ...answer, cached: true };
  }

  /** Leaves an answer to others. */
  async keep(task: CompareTask, answer: Answer): Promise<void> {
    const text = JSON.stringify(answer);
    if (!this.#isUsed || text.length > MOST_BYTES) return;
    await this.#run(PUT, this.#keyOf(task), [text, `${Math.ceil(this.#options.ttlMs)}`]);
  }

  get #isUsed(): boolean {
    return this.#options.ttlMs > 0 && performance.now() >= this.#restUntilMs;
  }

  /** All that an answer depends on, in any order of the nodes. */
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
