// Generates a storage-node log for experiments: `bun bench/generate-log.ts FILE [OPERATIONS] [SEED] [LATENCY_MS]
// [DAYS]` writes one that ends with the current hour, with debug lines, in the format of version 1.146.
import { DEBUG_LOG, writeLog } from "../src/bench/generate-log.ts";

const HOUR_MS = 3_600_000;
const [path, operations = "1000000", seed = "1", latencyMs = "110", days = "7"] = process.argv.slice(2);
if (path === undefined) throw new Error("Cannot generate a log: expected the file to write it to");
const spanMs = Number(days) * 24 * HOUR_MS;
await writeLog(path, {
  ...DEBUG_LOG,
  seed: Number(seed),
  operations: Number(operations),
  startMs: Math.floor(Date.now() / HOUR_MS) * HOUR_MS - spanMs,
  spanMs,
  latencyMs: Number(latencyMs),
});
