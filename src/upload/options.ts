import { byteSize, duration, integer, integerOr, list, path, text, timer, toggle } from "../settings/kind.ts";
import { option, optional, type ValuesOf } from "../settings/option.ts";

const flag = { scope: "flag" } as const;
const setting = { scope: "settings" } as const;

/** `[sync]`: the upload of CVs. */
export const syncOptions = {
  folder: optional(path, "the folder that holds the CVs, where none is named on the command line", {
    ...setting,
    env: ["TANOVA_FOLDER_PATH"],
    example: "~/CVs",
  }),
  bulk: option(
    toggle,
    false,
    "a mass import: adaptive concurrency, batches where the server offers them",
    flag,
  ),
  dryRun: option(toggle, false, "say what would be uploaded, and send nothing", flag),
  workers: optional(integerOr("auto", 1, 100), "uploads in flight; auto adapts from 1 to 20", {
    defaultText: "5; with --bulk auto",
    example: 5,
  }),
  include: option(
    list(text("GLOB", "a glob such as *.pdf")),
    [],
    "only files that match; a pattern without / is held against the name, else against the path below FOLDER",
  ),
  exclude: option(
    list(text("GLOB", "a glob such as old/**")),
    [],
    "no files or folders that match; .nodupeignore files are honoured too",
  ),
  retries: option(integer(0, 100), 3, "how often an upload that failed for a passing reason is sent again"),
  retryDelay: option(
    duration,
    5_000,
    "the wait before the first retry; it doubles, with jitter; Retry-After wins",
  ),
  ambiguousWait: option(
    duration,
    60_000,
    "how long an upload whose answer was lost is looked for on the server before it is sent again",
  ),
  retryFailed: option(toggle, false, "take up again what failed permanently in earlier runs", flag),
  url: option(text("URL", "https://HOST"), "https://tanova.ai", "the API's base URL", {
    env: ["TANOVA_URL"],
  }),
  insecureHttp: option(
    toggle,
    false,
    "allow plain http to another machine: the key and the CVs can be read on the way",
  ),
  apiKeyFile: optional(path, "the file that holds the API key", {
    placeholder: "FILE",
    example: "~/.config/nodupe/api-key",
  }),
  apiKey: optional(text("KEY", "tanova_sk_…"), "the API key; --api-key-file wins where both are set", {
    ...setting,
    secret: true,
    env: ["TANOVA_API_KEY"],
    example: "tanova_sk_…",
  }),
  caFile: optional(path, "a PEM file of certificates to trust beside the built-in ones", {
    placeholder: "FILE",
    example: "/etc/ssl/own-ca.pem",
  }),
  bwlimit: optional(byteSize, "bytes a second over all uploads, such as 512K", {
    placeholder: "RATE",
    example: 512 * 1024,
  }),
  sandbox: option(
    toggle,
    false,
    "run against a Tanova-compatible API inside this process: no account, no network; what it is sent is kept beside the store",
    { ...flag, excludes: ["url"] },
  ),
  batchItems: option(
    integer(1, 1_000),
    10,
    "with --bulk, CVs in one request where the server takes batches",
    setting,
  ),
  connectTimeout: option(timer, 10_000, "how long a connection may take", setting),
  silenceTimeout: option(timer, 60_000, "how long the server may be silent during an upload", setting),
  outageWait: option(
    duration,
    300_000,
    "how long a run waits for a server that went away in its middle",
    setting,
  ),
  retryDelayMax: option(duration, 60_000, "the longest that the wait between retries grows to", setting),
  settle: option(duration, 1_000, "a file is taken once its size and mtime have kept for so long"),
  memory: option(byteSize, 6 * 1024 ** 2, "for the contents in memory, all together", setting),
} as const;

export type SyncSettings = ValuesOf<typeof syncOptions>;
