type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";

/**
 * Whether output to a stream may be coloured. `--no-color` and NO_COLOR (https://no-color.org) override everything.
 * Otherwise FORCE_COLOR and CLICOLOR_FORCE turn colours on without a terminal, and `0` in FORCE_COLOR or CLICOLOR turns
 * them off.
 */
export function mayColor(
  isTerminal: boolean,
  given: { readonly noColor: boolean; readonly environment: Environment },
): boolean {
  const { NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM } = given.environment;
  if (given.noColor || isSet(NO_COLOR)) return false;
  if (isSet(FORCE_COLOR)) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (isSet(CLICOLOR_FORCE) && CLICOLOR_FORCE !== "0") return true;
  return isTerminal && CLICOLOR !== "0" && TERM !== "dumb";
}
