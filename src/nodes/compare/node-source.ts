import type { Database } from "bun:sqlite";
import { gatherNode, type NodeData } from "./load.ts";
import { satelliteNames } from "../store/satellite-scores.ts";
import type { Question } from "./question.ts";

/** What a comparison is given of a node. */
export interface GatheredNode {
  readonly data: NodeData;
  /** The names of the satellites that `data` numbers. */
  readonly satellites: ReadonlyMap<number, string>;
  /** Figures of an earlier moment, and why: what the reader is told. null: they were read just now. */
  readonly stale: { readonly asOfMs: number; readonly reason: string } | null;
}

/** What of a question its figures depend on. */
export type GatherOptions = Pick<Question, "window" | "queryTimeout">;

/** Where a node's figures are. */
export interface NodeSource {
  readonly name: string;
  /** @throws Error whose message says why there are none. */
  gather(options: GatherOptions): Promise<GatheredNode>;
}

/** A database that has the node; closed by the disposing. */
export type OpenNode = () => Promise<{ readonly db: Database; readonly nodeId: number } & Disposable>;

/** A node of a database that is opened for each reading. */
export function databaseSource(name: string, open: OpenNode): NodeSource {
  return {
    name,
    gather: async ({ window, queryTimeout }) => {
      using from = await open();
      const data = gatherNode(from.db, from.nodeId, window, {
        deadline: performance.now() + queryTimeout,
        explains: true,
      });
      return { data, satellites: satelliteNames(from.db), stale: null };
    },
  };
}
