import type { Options, ValuesOf } from "../settings/option.ts";
import { resolveOptions } from "../settings/resolve.ts";

/** The values of options when nothing sets them: what is measured is what a person gets. */
export function defaultsOf<const O extends Options>(options: O): ValuesOf<O> {
  const nothing = { flags: new Map(), environment: {}, file: new Map(), filePath: "" };
  return resolveOptions("", options, nothing).values as ValuesOf<O>;
}
