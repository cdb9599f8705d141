import { path } from "../settings/kind.ts";
import { optional } from "../settings/option.ts";

export const metricsOptions = {
  output: optional(path, "the file to replace, instead of stdout", { scope: "flag", placeholder: "FILE" }),
} as const;
