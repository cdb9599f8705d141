import type { Answer } from "./answer.ts";
import type { Question } from "./question.ts";

/** A comparison that a worker is asked for. */
export interface CompareTask {
  readonly id: number;
  readonly storePath: string;
  readonly names: readonly string[];
  readonly question: Question;
  readonly nowMs: number;
}

export type CompareTold =
  | { readonly type: "answered"; readonly id: number; readonly answer: Answer }
  /** `isUsage`: a node that the store does not have. */
  | { readonly type: "failed"; readonly id: number; readonly isUsage: boolean; readonly reason: string };
