import { type Kind, list, path, text, toggle } from "../../settings/kind.ts";
import { option, optional, type ValuesOf } from "../../settings/option.ts";
import { parseBoardUrl } from "./board-url.ts";

const boardUrl: Kind<string> = {
  ...text("URL", "a board's address, such as https://attic.lan:8443"),
  json: { type: "string", pattern: String.raw`^https?://[A-Za-z0-9.:\[\]-]+(/[^?#\s]*)?$` },
  parse: (value) => (typeof value === "string" ? parseBoardUrl(value) : null),
};

/** `[fleet]`: other boards, which run `nodupe serve`. */
export const fleetOptions = {
  boards: option(list(boardUrl), [], "other boards that nodupe serve follows and shows beside this one", {
    scope: "settings",
  }),
  tokenFile: optional(path, "file with the token for other boards, or with a line URL TOKEN for each", {
    placeholder: "FILE",
    example: "/etc/nodupe/fleet-token",
  }),
  caFile: optional(path, "PEM file of further certificate authorities to trust", {
    placeholder: "FILE",
    example: "/etc/ssl/own-ca.pem",
  }),
  insecureHttp: option(
    toggle,
    false,
    "allow plain http to other machines: anyone on the way can read the token and change the figures",
  ),
} as const;

const { boards, tokenFile, caFile, insecureHttp } = fleetOptions;
const setting = { scope: "settings" } as const;

/** The same for `nodupe serve`, as settings only: its own flags already have these names. */
export const followedOptions = {
  boards,
  tokenFile: { ...tokenFile, ...setting },
  caFile: { ...caFile, ...setting },
  insecureHttp: { ...insecureHttp, ...setting },
} as const;

export type FleetSettings = ValuesOf<typeof fleetOptions>;
