import type { Options, ValuesOf } from "./option.ts";
import { resolveOptions } from "./resolve.ts";

/** The values of options where nothing sets them. */
export function defaultsOf<const O extends Options>(options: O): ValuesOf<O> {
  const nothing = { flags: new Map(), environment: {}, file: new Map(), filePath: "" };
  return resolveOptions("", options, nothing).values as ValuesOf<O>;
}

/**
 * Of a job's options, those that are settings, and none as a flag: what a command takes that runs the job among others.
 * One-off flags of the job are left out; `withDefaults` puts them back.
 */
export function settingsOnly(options: Options): Options {
  const settings = Object.entries(options).filter(([, of]) => of.scope !== "flag");
  return Object.fromEntries(settings.map(([name, of]) => [name, { ...of, scope: "settings" }]));
}

/** A job's values out of those of `settingsOnly`: whatever is a flag there is as if it was not given. */
export function withDefaults<const O extends Options>(
  options: O,
  values: Readonly<Record<string, unknown>>,
): ValuesOf<O> {
  return { ...defaultsOf(options), ...(values as Partial<ValuesOf<O>>) };
}
