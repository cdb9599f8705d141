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
  tokenFile: optional(path, "the file with the token that callers have to know", {
    placeholder: "FILE",
    example: "/etc/nodupe/token",
  }),
  tlsCert: optional(path, "the certificate chain to serve https with, as PEM", {
    placeholder: "FILE",
    example: "/etc/nodupe/cert.pem",
  }),
  tlsKey: optional(path, "its key, as PEM", { placeholder: "FILE", example: "/etc/nodupe/key.pem" }),
  allowedHost: option(
    list(text("NAME", "a host name")),
    [],
    "names that this board is called by, beside its own; callers that use another are refused",
    setting,
  ),
  onAlert: optional(
    text("COMMAND", "a command line for sh"),
    "what is run for each alert; NODUPE_ALERT has its text",
    {
      ...setting,
      example: 'logger -t nodupe "$NODUPE_ALERT"',
    },
  ),
  demo: option(
    toggle,
    false,
    "a board with a year of made-up data, in a store of its own that is gone at the end",
    {
      scope: "flag",
    },
  ),
} as const;

export type ServeSettings = ValuesOf<typeof serveOptions>;
