import { list, listenAddress, path, text, toggle } from "../settings/kind.ts";
import { option, optional, type ValuesOf } from "../settings/option.ts";

const setting = { scope: "settings" } as const;

/** `[serve]`: the API and the page. */
export const serveOptions = {
  listen: option(
    listenAddress,
    { hostname: "127.0.0.1", port: 8080 },
    "where to listen; anything but loopback needs a token",
  ),
  tokenFile: optional(path, "the file with the access token", {
    placeholder: "FILE",
    example: "/etc/nodupe/token",
  }),
  tlsCert: optional(path, "the certificate chain for HTTPS, as PEM", {
    placeholder: "FILE",
    example: "/etc/nodupe/cert.pem",
  }),
  tlsKey: optional(path, "its key, as PEM", { placeholder: "FILE", example: "/etc/nodupe/key.pem" }),
  allowedHost: option(
    list(text("NAME", "a host name")),
    [],
    "further host names of this board; requests for any other are refused",
    setting,
  ),
  onAlert: optional(
    text("COMMAND", "a command line for sh"),
    "a command to run for each alert; NODUPE_ALERT holds its text",
    {
      ...setting,
      example: 'logger -t nodupe "$NODUPE_ALERT"',
    },
  ),
  demo: option(toggle, false, "show a year of made-up data, in a store that is removed at the end", {
    scope: "flag",
  }),
} as const;

export type ServeSettings = ValuesOf<typeof serveOptions>;
