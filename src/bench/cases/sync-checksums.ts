import { join } from "node:path";
import { openStore } from "../../db/open.ts";
import { destinationRow } from "../../upload/ledger/destination.ts";
import { hashFile } from "../../upload/intake/hash-file.ts";
import { Ledger } from "../../upload/ledger/ledger.ts";
import { globFilter } from "../../upload/scan/filter.ts";
import type { FoundFile } from "../../upload/scan/file-page.ts";
import { filesOf, openRoot, scan } from "../../upload/scan/scan.ts";
import { agree } from "../agree.ts";
import { makeCvs } from "../cv-tree.ts";
import type { Experiment } from "../experiment.ts";

function filesIn(root: string): FoundFile[] {
  return [...filesOf(scan(root, globFilter([], [])))];
}

/** A second start with known files: getting all checksums by reading the files, or from the store. */
export const checksumCache: Experiment = {
  job: "sync",
  name: "second start over known files",
  prepare: async (lab) => {
    const tree = join(lab.folder, "cvs");
    makeCvs(tree, { count: lab.quick ? 200 : 2_000, bytes: 200 * 1024, seed: 3 });
    const root = openRoot(tree);
    const store = openStore({ path: join(lab.folder, "nodupe.db") });
    lab.defer(() => store[Symbol.dispose]());
    const destination = destinationRow(store.db, "https://tanova.example");
    const ledger = new Ledger(store.db, { destinationId: destination.id, runId: 0 });

    const reading = async (): Promise<string[]> => {
      const checksums: string[] = [];
      for (const file of filesIn(root)) checksums.push((await hashFile(file.path)).checksum);
      return checksums;
    };
    const remembering = async (): Promise<string[]> => {
      const checksums: string[] = [];
      for (const event of scan(root, globFilter([], []))) {
        if (event.type !== "files") continue;
        for (const known of ledger.lookUp(event.page) ?? []) {
          if (known.type !== "hashed") throw new Error("the checksum cache has lost a file");
          checksums.push(known.checksum);
        }
      }
      return checksums;
    };

    const checksums = await reading();
    for (const [at, file] of filesIn(root).entries()) ledger.remember(file, checksums[at] ?? "", Date.now());
    ledger.flush();
    agree("checksums", await remembering(), checksums);
    return {
      type: "timing",
      unit: "ms",
      asynchronous: true,
      iterations: 1,
      ways: [
        { name: "read and hashed again", run: reading },
        { name: "checksum cache", run: remembering },
      ],
      claims: [{ name: "checksum cache", before: "read and hashed again", after: "checksum cache" }],
    };
  },
};
