import { path, toggle } from "../settings/kind.ts";
import { option, optional } from "../settings/option.ts";

export const metricsOptions = {
  output: optional(path, "the file to replace, instead of stdout", { scope: "flag", placeholder: "FILE" }),
} as const;

export const statusOptions = {
  deep: option(toggle, false, "check all that is stored against its checksums, and the database itself", {
    scope: "flag",
  }),
} as const;
