import { storeOptions } from "../../db/options.ts";
import { compareOptions } from "../../nodes/compare/options.ts";
import { fleetOptions } from "../../nodes/fleet/options.ts";
import { ingestOptions } from "../../nodes/ingest/options.ts";
import { serveOptions } from "../../serve/options.ts";
import type { Sections } from "../../settings/option.ts";
import { timeOptions } from "../../time/options.ts";
import { upgradeOptions } from "../../upgrade/options.ts";
import { syncOptions } from "../../upload/options.ts";
import { sharedOptions } from "../../upload/shared/options.ts";
import { sandboxOptions } from "../../upload/sandbox/options.ts";

/** The sections of the config file, in the order in which `config init` writes them. */
export const SECTIONS: Sections = {
  store: storeOptions,
  compare: compareOptions,
  sync: syncOptions,
  sandbox: sandboxOptions,
  time: timeOptions,
  ingest: ingestOptions,
  upgrade: upgradeOptions,
  serve: serveOptions,
  shared: sharedOptions,
  fleet: fleetOptions,
};
