import { text, toggle } from "../settings/kind.ts";
import { option, optional } from "../settings/option.ts";

export const upgradeOptions = {
  check: option(toggle, false, "say whether there is a newer version, and change nothing", { scope: "flag" }),
  from: optional(text("URL", "a URL"), "where releases are: https, or http to loopback", {
    env: ["NODUPE_BASE_URL"],
    example: "https://releases.example/nodupe",
  }),
} as const;
