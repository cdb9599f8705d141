import { metric, type Metric, type Unit } from "../metric.ts";
import type { Tally } from "../measure.ts";

/** A sum over the window, which grows with the part of the window that the log covers. */
function sum<const N extends string>(
  name: N,
  label: string,
  unit: Unit,
  of: (tally: Tally) => number,
): Metric<N> {
  return metric({
    name,
    label,
    unit,
    types: ["performance", "overall"],
    needs: ["coverage"],
    of: ({ tally }) => of(tally),
  });
}

export const volumes = [
  sum("total_operations", "operations", "count", (tally) => tally.operations),
  sum("downloads", "downloads", "count", (tally) => tally.downloads),
  sum("uploads", "uploads", "count", (tally) => tally.uploads),
  sum("audits", "audits", "count", (tally) => tally.audits),
  sum("repairs", "repairs", "count", (tally) => tally.repairs),
  sum("download_bytes", "sent", "bytes", (tally) => tally.downloadBytes),
  sum("upload_bytes", "received", "bytes", (tally) => tally.uploadBytes),
] as const;
