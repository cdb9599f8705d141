import { byteSize, text, timer, toggle } from "../settings/kind.ts";
import { option, optional } from "../settings/option.ts";

export const upgradeOptions = {
  check: option(toggle, false, "say whether there is a newer version, and change nothing", { scope: "flag" }),
  from: optional(text("URL", "a URL"), "where releases are: https, or http to loopback", {
    env: ["NODUPE_BASE_URL"],
  }),
  silence: option(timer, 30_000, "how long the server may say nothing", { scope: "settings" }),
  maxSize: option(byteSize, 512 * 1024 * 1024, "refuse a download larger than this", { scope: "settings" }),
} as const;
