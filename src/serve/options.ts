import { list, listenAddress, path, text, toggle } from "../settings/kind.ts";
import { option, optional, type ValuesOf } from "../settings/option.ts";

const setting = { scope: "settings" } as const;
const flag = { scope: "flag" } as const;

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
    ...flag,
    excludes: ["time", "sync", "follow"],
  }),
  time: option(toggle, false, "measure the clock as well, as nodupe time --watch does", flag),
  sync: optional(path, "upload this folder as well, as nodupe sync --watch does", {
    ...flag,
    placeholder: "FOLDER",
  }),
  follow: option(
    list(text("NODE=LOG", "NODE=LOG, a node's name and its log")),
    [],
    "stay on a node's log as well, as nodupe ingest --follow does",
    flag,
  ),
} as const;

export type ServeSettings = ValuesOf<typeof serveOptions>;
