import type { Options } from "./option.ts";
import { compareOptions } from "./sections/compare.ts";
import { sandboxOptions } from "./sections/sandbox.ts";
import { ingestOptions } from "./sections/ingest.ts";
import { storeOptions } from "./sections/store.ts";
import { timeOptions } from "./sections/time.ts";
import { syncOptions } from "./sections/sync.ts";
import { upgradeOptions } from "./sections/upgrade.ts";

/**
 * The sections of the config file, in the order that `config init` writes them. Empty ones are places kept for
 * commands that are planned: their tables are accepted, and any key in them is refused.
 */
export const SECTIONS: Readonly<Record<string, Options>> = {
  store: storeOptions,
  compare: compareOptions,
  sync: syncOptions,
  sandbox: sandboxOptions,
  time: timeOptions,
  ingest: ingestOptions,
  upgrade: upgradeOptions,
  serve: {},
  shared: {},
};
