import { duration, type Kind, path, text } from "../../settings/kind.ts";
import { option, optional, type ValuesOf } from "../../settings/option.ts";

const EXPECTED = "redis://HOST:PORT/DB, or rediss:// for TLS";
const PATTERN = /^rediss?:\/\/[^/?#\s]+(\/\d*)?$/;

/** A Redis or Valkey server, with user and password if it needs them. */
export const redisUrl: Kind<string> = {
  ...text("URL", EXPECTED),
  json: { type: "string", pattern: PATTERN.source },
  parse: (value) => {
    if (typeof value !== "string" || !PATTERN.test(value)) return null;
    return URL.parse(value)?.href ?? null;
  },
};

/** `[shared]`: a history shared by several machines. */
export const sharedOptions = {
  shared: optional(
    redisUrl,
    "several machines share one history in this Redis or Valkey server, and never upload the same content twice; with a password set NODUPE_SHARED, or the config",
    {
      env: ["NODUPE_SHARED"],
      secret: true,
      placeholder: "redis://HOST:PORT/DB",
      example: "redis://redis.example.org:6379/0",
    },
  ),
  sharedWait: option(
    duration,
    60_000,
    "how long a shared store that does not answer is waited for; with --watch for ever",
    { env: ["NODUPE_SHARED_WAIT"] },
  ),
  sharedFile: optional(path, "file with the shared store's URL, for one that holds a password", {
    placeholder: "FILE",
    example: "/etc/nodupe/shared",
  }),
} as const;

export type SharedSettings = ValuesOf<typeof sharedOptions>;
