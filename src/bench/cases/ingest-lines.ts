import { statSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../db/open.ts";
import { agree } from "../agree.ts";
import { ingestRows, openRowStore } from "../earlier/row-store.ts";
import type { Experiment } from "../experiment.ts";
import { ingestLog } from "../ingest-log.ts";
import { nodeLog, operationsIn } from "../node-logs.ts";

const NODE = "pi-1";

/** From a log to the store: parsed, paired, written. */
export const logLines: Experiment = {
  job: "ingest",
  name: "debug log into a new store",
  prepare: async (lab) => {
    const operations = operationsIn(lab);
    const log = await nodeLog(lab, NODE);
    let made = 0;
    const newPath = (): string => {
      made += 1;
      return join(lab.folder, `${made}.db`);
    };
    const check = (events: number): void => {
      if (!lab.signal.aborted) agree("ended operations", events, operations);
    };
    return {
      type: "timing",
      unit: "lines/s",
      asynchronous: true,
      iterations: 1,
      warmUp: true,
      ways: [
        {
          name: "JSON of each line, a row an event",
          earlier: true,
          operations: operations * 2,
          run: async () => {
            const db = openRowStore(newPath());
            check(ingestRows(db, NODE, log));
            db.close();
          },
        },
        {
          name: "blocks and roll-ups",
          capability: "log",
          bytesPerOperation: statSync(log).size / (operations * 2),
          operations: operations * 2,
          run: async () => {
            using store = openStore({ path: newPath() });
            check(await ingestLog(store.db, NODE, log, lab.signal));
          },
        },
      ],
      claims: [
        {
          name: "log lines a second",
          before: "JSON of each line, a row an event",
          after: "blocks and roll-ups",
        },
      ],
    };
  },
};
