/** Flags, by command, that the contract names and this version does not have: refused by name, never ignored. */
export const PLANNED_FLAGS: Readonly<Record<string, readonly string[]>> = {
  sync: ["shared", "shared-wait"],
};
