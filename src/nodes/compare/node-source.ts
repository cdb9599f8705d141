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

/** A node of a database that stays open, and as it is, for as long as nodes are compared (see inSnapshot). */
export function databaseSource(
  name: string,
  { db, nodeId }: { readonly db: Database; readonly nodeId: number },
): NodeSource {
  return {
    name,
    gather: ({ window, queryTimeout }) =>
      Promise.try(() => ({
        data: gatherNode(db, nodeId, window, performance.now() + queryTimeout),
        satellites: satelliteNames(db),
        stale: null,
      })),
  };
}

/**
 * Reads a database as it is when this begins, whatever others write meanwhile: what explains a difference is read only
 * when there is one.
 */
export async function inSnapshot<T>(db: Database, read: () => Promise<T>): Promise<T> {
  db.run("BEGIN");
  try {
    return await read();
  } finally {
    db.run("COMMIT");
  }
}
