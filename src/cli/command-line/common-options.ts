import { choice, path, toggle } from "../../settings/kind.ts";
import { option, optional } from "../../settings/option.ts";
import { LOG_FORMATS } from "../terminal/log.ts";

/** Options of every command. */
export const commonOptions = {
  config: optional(path, "the config file", {
    placeholder: "FILE",
    scope: "flag",
    defaultText: "~/.config/nodupe/config.toml",
  }),
  json: option(toggle, false, "print the result as one JSON object", { scope: "flag" }),
  quiet: option(toggle, false, "print only errors and the result", { scope: "flag", short: "q" }),
  verbose: option(toggle, false, "say what is done, file by file, and why something is skipped", {
    scope: "flag",
    short: "v",
  }),
  logFormat: option(choice(LOG_FORMATS), "text", "how messages are written to stderr", { scope: "flag" }),
  noColor: option(toggle, false, "no colours (NO_COLOR does the same)", { scope: "flag" }),
  help: option(toggle, false, "show this help", { scope: "flag", short: "h" }),
  version: option(toggle, false, "show the version (nodupe -V: and what it was built from)", {
    scope: "flag",
  }),
} as const;
