import { arrange } from "../../nodes/compare/compare.ts";
import type { ComparisonType } from "../../nodes/compare/options.ts";
import { compareJson, type CompareReport } from "../../render/compare/report.ts";
import { ReplyText } from "../replies.ts";

/** Orders of the same nodes that are kept written out; whoever asks in yet another one has it written anew. */
const MOST_ORDERS = 8;

/** A comparison as it is told: written out once for each order of its nodes, however many ask. */
export class ToldReport {
  readonly report: CompareReport;
  readonly #type: ComparisonType;
  readonly #texts = new Map<string, ReplyText>();

  constructor(report: CompareReport, type: ComparisonType) {
    this.report = report;
    this.#type = type;
  }

  /** @param labels the nodes in the order in which they are asked for. */
  text(labels: readonly string[], { isCached }: { readonly isCached: boolean }): ReplyText {
    const key = JSON.stringify([isCached, labels]);
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const { report } = this;
    const arranged = { ...report, ...arrange(report, labels, this.#type), cached: isCached || report.cached };
    const text = new ReplyText(JSON.stringify(compareJson(arranged)));
    if (this.#texts.size < MOST_ORDERS) this.#texts.set(key, text);
    return text;
  }
}
