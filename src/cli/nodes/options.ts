import { toggle } from "../../settings/kind.ts";
import { option } from "../../settings/option.ts";

/** Of the commands that cannot be undone. */
export const changeOptions = {
  yes: option(toggle, false, "do not ask", { scope: "flag" }),
} as const;
