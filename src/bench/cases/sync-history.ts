import { createHash } from "node:crypto";
import { join } from "node:path";
import { openStore } from "../../db/open.ts";
import { destinationRow } from "../../upload/ledger/destination.ts";
import { Ledger } from "../../upload/ledger/ledger.ts";
import { agree } from "../agree.ts";
import { JsonHistory } from "../earlier/json-history.ts";
import type { Experiment } from "../experiment.ts";

/** Entries already in the history, as after some months of use. */
const HELD = 20_000;
const ENTRIES = 200;

function checksumOf(index: number): string {
  return createHash("sha256").update(`content ${index}`).digest("hex");
}

/**
 * The cost of recording an upload. Only the first two ways are safe: entries of a batch that is not committed are lost.
 */
export const historyCommits: Experiment = {
  job: "sync",
  name: `history of ${HELD.toLocaleString("en-US")} entries, each new one`,
  prepare: async (lab) => {
    const store = openStore({ path: join(lab.folder, "nodupe.db") });
    lab.defer(() => store[Symbol.dispose]());
    const destination = destinationRow(store.db, "https://tanova.example");
    const ledger = new Ledger(store.db, { destinationId: destination.id, runId: 0 });
    const held = Array.from({ length: HELD }, (_, index) => checksumOf(index));
    const json = new JsonHistory(join(lab.folder, "sync_history.json"), held);
    let next = 0;
    const record = (): void => {
      next += 1;
      ledger.done({ checksum: checksumOf(next), path: `cvs/${next}.pdf` }, "upload");
    };
    const recordEach = (count: number): void => {
      for (let entry = 0; entry < count; entry += 1) {
        record();
        ledger.flush();
      }
    };
    const recordTogether = (count: number): void => {
      for (let entry = 0; entry < count; entry += 1) record();
      ledger.flush();
    };
    recordTogether(HELD);
    const row = store.db
      .query<{ n: number }, []>("SELECT count(*) AS n FROM content WHERE state = 'done'")
      .get();
    agree("entries held", row?.n, HELD);
    return {
      type: "timing",
      unit: "µs",
      asynchronous: false,
      iterations: 1,
      ways: [
        {
          name: "JSON file written anew",
          earlier: true,
          operations: 10,
          run: () => {
            for (let entry = 0; entry < 10; entry += 1) json.add(checksumOf(-1 - entry));
          },
        },
        { name: "a commit each", operations: ENTRIES, run: () => recordEach(ENTRIES) },
        {
          name: `a commit for ${ENTRIES}`,
          operations: ENTRIES,
          run: () => recordTogether(ENTRIES),
        },
      ],
      claims: [
        {
          name: "history: a commit instead of a JSON file",
          before: "JSON file written anew",
          after: "a commit each",
        },
        {
          name: "history per file against batched",
          before: "a commit each",
          after: `a commit for ${ENTRIES}`,
        },
      ],
    };
  },
};
