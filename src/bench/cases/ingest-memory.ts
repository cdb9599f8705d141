import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Experiment } from "../experiment.ts";
import { inMonth, nodeLog } from "../node-logs.ts";
import { startOwn } from "../measure/own-process.ts";
import { memoryOver, watchResident } from "../measure/resident.ts";

const EVERY_MS = 10;
const MONTHS = [2, 3, 4];

/** A separate process ingests one log after another: its memory must not grow with what it has read. */
export const ingestMemory: Experiment = {
  job: "ingest",
  name: "memory while ingesting",
  prepare: async (lab) => {
    const january = await readFile(await nodeLog(lab, "pi-1"), "utf8");
    const logs: string[] = [];
    for (const month of MONTHS) {
      const path = join(lab.folder, `${month}.log`);
      await writeFile(path, inMonth(january, month));
      logs.push(path);
    }
    return {
      type: "observation",
      unit: "MiB",
      observe: async () => {
        const store = join(lab.folder, "nodupe.db");
        const child = startOwn(lab, ["ingest", "--node", "pi", "--db", store, ...logs]);
        return memoryOver(await watchResident(child.pid, child.result, EVERY_MS));
      },
    };
  },
};
