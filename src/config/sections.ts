import type { Options } from "./option.ts";
import { storeOptions } from "./sections/store.ts";
import { timeOptions } from "./sections/time.ts";

/**
 * The sections of the config file, in the order that `config init` writes them. Empty ones are places kept for
 * commands that are planned: their tables are accepted, and any key in them is refused.
 */
export const SECTIONS: Readonly<Record<string, Options>> = {
  store: storeOptions,
  time: timeOptions,
  serve: {},
  shared: {},
};
