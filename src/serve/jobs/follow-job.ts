import type { Store } from "../../db/open.ts";
import { followFile } from "../../nodes/ingest/follow.ts";
import { Ingestion } from "../../nodes/ingest/ingestion.ts";
import type { IngestSettings } from "../../nodes/ingest/options.ts";
import type { Job } from "./jobs.ts";

export interface FollowJobOptions {
  readonly node: string;
  readonly path: string;
  readonly settings: IngestSettings;
  readonly openStore: () => Promise<Store>;
}

/** Follows a node's log, as `nodupe ingest --follow` does. */
export function followJob({ node, path, settings, openStore }: FollowJobOptions): Job {
  return {
    name: `follow ${node}`,
    run: async (signal) => {
      using store = await openStore();
      using to = new Ingestion(store.db, node, settings);
      await followFile(to, path, { signal, onChange: () => Promise.resolve() });
    },
  };
}
