import { arrange } from "../../nodes/compare/compare.ts";
import type { ComparisonType } from "../../nodes/compare/options.ts";
import { compareJson, type CompareReport } from "../../render/compare/report.ts";
import { ReplyText } from "../replies.ts";

/** The most orders of the same nodes whose texts are kept; other orders are serialized each time. */
const MOST_ORDERS = 8;

/** A comparison's answer as text, serialized once for each order of its nodes. */
export class ToldReport {
  readonly report: CompareReport;
  readonly #type: ComparisonType;
  readonly #texts = new Map<string, ReplyText>();

  constructor(report: CompareReport, type: ComparisonType) {
    this.report = report;
    this.#type = type;
  }

  /** @param labels the nodes' names in the order of the request. */
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
