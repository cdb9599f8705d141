import type { Options, ValuesOf } from "../config/option.ts";
import { resolveOptions } from "../config/resolve.ts";

/** The values of options when nothing sets them: what is measured is what a person gets. */
export function defaultsOf<const O extends Options>(options: O): ValuesOf<O> {
  const nothing = { flags: new Map(), environment: {}, file: new Map(), filePath: "" };
  return resolveOptions("", options, nothing).values as ValuesOf<O>;
}
