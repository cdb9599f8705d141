import type { UploadOutcome } from "../tanova/types.ts";
import type { UnitAnswer } from "./events.ts";
import type { Work } from "./work.ts";

/** What an answer says about each content of a unit: an outcome, or nothing if it must be sent in another way. */
export interface UnitOutcomes {
  readonly outcomes: readonly { readonly work: Work; readonly outcome: UploadOutcome }[];
  /** Certainly not stored, for reasons that are not theirs. */
  readonly putBack: readonly Work[];
  /** What was learnt about batches: no longer offered, or limited to this many items. */
  readonly batches:
    | { readonly type: "refused" }
    | { readonly type: "at-most"; readonly items: number }
    | null;
}

const SILENT: UploadOutcome = {
  type: "transient",
  status: null,
  reason: "the server said nothing about it",
  retryAfterMs: null,
};

export function unitOutcomes(works: readonly Work[], answer: UnitAnswer): UnitOutcomes {
  const all = (each: UploadOutcome): UnitOutcomes => ({
    outcomes: works.map((work) => ({ work, outcome: each })),
    putBack: [],
    batches: null,
  });
  if (answer.type === "single") return all(answer.outcome);
  if (answer.type === "unclaimed") return { outcomes: [], putBack: works, batches: null };
  const { outcome } = answer;
  switch (outcome.type) {
    case "answered": {
      const { results } = outcome;
      const outcomes = works.map((work) => ({ work, outcome: results.get(work.checksum) ?? SILENT }));
      return { outcomes, putBack: [], batches: null };
    }
    case "not-offered":
      return { outcomes: [], putBack: works, batches: { type: "refused" } };
    case "too-large": {
      const half = Math.max(1, Math.floor(works.length / 2));
      return { outcomes: [], putBack: works, batches: { type: "at-most", items: half } };
    }
    case "permanent":
      // A single item may be what was refused: sending each one alone will show.
      for (const work of works) work.isSingle = true;
      return { outcomes: [], putBack: works, batches: null };
    case "changed": {
      const { checksum, reason } = outcome;
      return {
        outcomes: works
          .filter((work) => work.checksum === checksum)
          .map((work) => ({ work, outcome: { type: "changed", reason } })),
        putBack: works.filter((work) => work.checksum !== checksum),
        batches: null,
      };
    }
    case "transient":
    case "ambiguous":
    case "unauthorized":
    case "misplaced":
      return all(outcome);
  }
}
