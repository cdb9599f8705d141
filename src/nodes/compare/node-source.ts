import type { Database } from "bun:sqlite";
import { gatherNode, type NodeData } from "./load.ts";
import { satelliteNames } from "../store/satellite-scores.ts";
import type { Question } from "./question.ts";

/** The data of a node for a comparison. */
export interface GatheredNode {
  readonly data: NodeData;
  /** The names of the satellites, by their numbers in `data`. */
  readonly satellites: ReadonlyMap<number, string>;
  /**
   * When the figures were read, if they are older ones, and why: both are shown to the reader. null: they are current.
   */
  readonly stale: { readonly asOfMs: number; readonly reason: string } | null;
}

/** The part of a question that a node's figures depend on. */
export type GatherOptions = Pick<Question, "window" | "queryTimeout">;

/** Where a node's figures come from. */
export interface NodeSource {
  readonly name: string;
  /** @throws Error with a message that says why there are no figures. */
  gather(options: GatherOptions): Promise<GatheredNode>;
}

/** A node of a database that stays open and unchanged while nodes are compared (see inSnapshot). */
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
 * Reads a database as it is when this begins, whatever others write in the meantime: what explains a difference is read
 * later, and only if there is one.
 */
export async function inSnapshot<T>(db: Database, read: () => Promise<T>): Promise<T> {
  db.run("BEGIN");
  try {
    return await read();
  } finally {
    db.run("COMMIT");
  }
}
