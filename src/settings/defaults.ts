import type { Options, ValuesOf } from "./option.ts";
import { resolveOptions } from "./resolve.ts";

/** The values of options that nothing sets. */
export function defaultsOf<const O extends Options>(options: O): ValuesOf<O> {
  const nothing = { flags: new Map(), environment: {}, file: new Map(), filePath: "" };
  return resolveOptions("", options, nothing).values as ValuesOf<O>;
}

/**
 * A job's options without its flags, all of them settings: for a command that runs the job among others.
 * `withDefaults` adds the flags again, unset.
 */
export function settingsOnly(options: Options): Options {
  const settings = Object.entries(options).filter(([, of]) => of.scope !== "flag");
  return Object.fromEntries(settings.map(([name, of]) => [name, { ...of, scope: "settings" }]));
}

/** A job's values from those of `settingsOnly`; its flags count as not given. */
export function withDefaults<const O extends Options>(
  options: O,
  values: Readonly<Record<string, unknown>>,
): ValuesOf<O> {
  return { ...defaultsOf(options), ...(values as Partial<ValuesOf<O>>) };
}
