import type { FleetAccess } from "../fleet/access.ts";
import type { Answer } from "./answer.ts";
import type { NodeProgress } from "./compare.ts";
import type { Question } from "./question.ts";

/** A request to a worker to compare nodes. */
export interface CompareTask {
  readonly storePath: string;
  /** `url` is null for a node of the store. */
  readonly nodes: readonly { readonly name: string; readonly url: string | null }[];
  readonly question: Question;
  readonly nowMs: number;
  readonly access: FleetAccess;
}

export type CompareMessage =
  | { readonly type: "node"; readonly progress: NodeProgress }
  | { readonly type: "answered"; readonly answer: Answer }
  /** `isUsage`: the store, or a board, does not have one of the nodes. */
  | { readonly type: "failed"; readonly isUsage: boolean; readonly reason: string };
