import type { Capability } from "./experiment.ts";
import type { StorageSpeed } from "./measure/storage-speed.ts";
import type { BoardReport } from "./report.ts";

const GB = 1e9;

/**
 * The result of a way that measures the machine's capability: its median, in operations per second, or in ms for a
 * comparison.
 */
export interface Capacity {
  readonly median: number;
  readonly bytesPerOperation: number | null;
}

/**
 * What the machine can do. Uploads and logs were measured with files in memory; if the storage reads more slowly
 * than that, it is the limit. Pure.
 */
export function boardReport(
  capacities: ReadonlyMap<Capability, Capacity>,
  storage: Pick<StorageSpeed, "storage_read_bytes_per_s">,
): BoardReport {
  const readable = storage.storage_read_bytes_per_s ?? Infinity;
  const byteRate = (of: Capacity | undefined): number | null =>
    of?.bytesPerOperation === undefined || of.bytesPerOperation === null
      ? null
      : of.median * of.bytesPerOperation;
  const [cvs, log] = [capacities.get("cvs"), capacities.get("log")];
  const [cvBytes, logBytes] = [byteRate(cvs), byteRate(log)];
  const rates = [cvBytes, logBytes].filter((rate) => rate !== null);
  const isStorage = rates.some((rate) => rate > readable);
  return {
    cvs_per_s: cvs === undefined || cvBytes === null ? null : cvs.median * Math.min(1, readable / cvBytes),
    cv_bytes: cvs?.bytesPerOperation ?? null,
    log_gb_s: logBytes === null ? null : GB / Math.min(logBytes, readable),
    comparison_ms: capacities.get("comparison")?.median ?? null,
    limit: rates.length === 0 ? null : isStorage ? "storage" : "processor",
  };
}
