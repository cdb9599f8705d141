import type { Database } from "bun:sqlite";
import type { NodeRow } from "../../db/tables/nodes.ts";
import { intact, openBlob, sealBlob } from "../../db/sealed-blob.ts";
import { OpenOperations } from "./open-operations.ts";

/** A race-lost line whose full line (`download canceled`, or a DEBUG `upload failed`) has not come yet. */
export interface RaceLost {
  readonly piece: number;
  readonly timeMs: number;
  readonly action: number;
  readonly coarse: boolean;
  readonly keyLow: number;
  readonly keyHigh: number;
}

/** A race-lost line that became an event: if the full line still comes, it is not a second event. */
export interface RaceTold {
  readonly piece: number;
  readonly timeMs: number;
  readonly action: number;
}

/** The state that pairing keeps between batches and between runs. */
export interface PairState {
  readonly open: OpenOperations;
  /** Lines waiting for their full line. */
  raceLost: RaceLost[];
  raceTold: RaceTold[];
}

/** Loads the state from the store; without operations in flight if these are damaged. */
export function loadPairState(db: Database, nodeId: number): PairState & { readonly isDamaged: boolean } {
  const row = db
    .query<Pick<NodeRow, "open" | "race">, [number]>("SELECT open, race FROM node WHERE id = ?")
    .get(nodeId);
  const stored = row?.open ?? null;
  const kept =
    stored === null ? new OpenOperations() : intact(() => OpenOperations.deserialize(openBlob(stored)));
  const open = kept ?? new OpenOperations();
  const isDamaged = kept === null;
  if (row?.race == null) return { open, isDamaged, raceLost: [], raceTold: [] };
  return { open, isDamaged, ...(JSON.parse(row.race) as Pick<PairState, "raceLost" | "raceTold">) };
}

/** Saves the state, in the transaction of every batch. */
export function savePairState(db: Database, nodeId: number, state: PairState): void {
  const { raceLost, raceTold } = state;
  const race = raceLost.length + raceTold.length === 0 ? null : JSON.stringify({ raceLost, raceTold });
  db.query("UPDATE node SET open = ?, race = ? WHERE id = ?").run(
    sealBlob(state.open.serialize()),
    race,
    nodeId,
  );
}
