import { byteSize, duration, integer, integerOr, list, path, text, timer, toggle } from "../settings/kind.ts";
import { option, optional, type ValuesOf } from "../settings/option.ts";

const flag = { scope: "flag" } as const;
const setting = { scope: "settings" } as const;

/** `[sync]`: the upload of CVs. */
export const syncOptions = {
  folder: optional(path, "the folder with the CVs, if none is given on the command line", {
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
  watch: option(toggle, false, "after the first pass, stay and upload what appears or changes", {
    ...flag,
    excludes: ["dryRun"],
  }),
  rescan: option(timer, 3_600_000, "with --watch: how often the whole folder is scanned anyway", {
    needs: "watch",
  }),
  dryRun: option(toggle, false, "say what would be uploaded, and send nothing", flag),
  workers: optional(integerOr("auto", 1, 100), "uploads in flight; auto adapts from 1 to 20", {
    defaultText: "5; with --bulk auto",
    example: 5,
  }),
  include: option(
    list(text("GLOB", "a glob such as *.pdf")),
    [],
    "only matching files; a pattern without / matches the name, one with / the path below FOLDER",
  ),
  exclude: option(
    list(text("GLOB", "a glob such as old/**")),
    [],
    "skip matching files and folders; .nodupeignore files apply too",
  ),
  retries: option(integer(0, 100), 3, "how often an upload is retried after a transient failure"),
  retryDelay: option(
    duration,
    5_000,
    "wait before the first retry; doubles each time, with jitter; Retry-After wins",
  ),
  ambiguousWait: option(
    duration,
    60_000,
    "how long to look on the server for an upload whose answer was lost, before it is sent again",
  ),
  filesFrom: optional(
    text("FILE", "a file, or - for stdin"),
    "only the files that FILE lists, one a line; - is stdin; paths are below FOLDER",
    { scope: "flag", excludes: ["watch"] },
  ),
  nul: option(toggle, false, "the paths of --files-from end in NUL, as find -print0 writes them", {
    short: "0",
    scope: "flag",
    needs: "filesFrom",
  }),
  checksum: option(toggle, false, "read and hash every file again, without the checksum cache", flag),
  retryFailed: option(toggle, false, "retry what failed permanently in earlier runs", flag),
  url: option(text("URL", "https://HOST"), "https://tanova.ai", "the API's base URL", {
    env: ["TANOVA_URL"],
  }),
  insecureHttp: option(
    toggle,
    false,
    "allow plain http to other machines: anyone on the way can read the key and the CVs",
  ),
  apiKeyFile: optional(path, "file with the API key", {
    placeholder: "FILE",
    example: "~/.config/nodupe/api-key",
  }),
  apiKey: optional(text("KEY", "tanova_sk_…"), "the API key; --api-key-file wins where both are set", {
    ...setting,
    secret: true,
    env: ["TANOVA_API_KEY"],
    example: "tanova_sk_…",
  }),
  caFile: optional(path, "PEM file of further certificate authorities to trust", {
    placeholder: "FILE",
    example: "/etc/ssl/own-ca.pem",
  }),
  bwlimit: optional(byteSize, "limit of all uploads together, in bytes a second, such as 512K", {
    placeholder: "RATE",
    example: 512 * 1024,
  }),
  sandbox: option(
    toggle,
    false,
    "upload to a Tanova-compatible API inside this process: no account, no network; it keeps what it receives next to the store",
    { ...flag, excludes: ["url"] },
  ),
  batchItems: option(
    integer(1, 1_000),
    10,
    "with --bulk: CVs in one request, if the server accepts batches",
    setting,
  ),
  connectTimeout: option(timer, 10_000, "timeout for a connection", setting),
  silenceTimeout: option(timer, 60_000, "how long the server may send nothing during an upload", setting),
  outageWait: option(
    duration,
    300_000,
    "how long to wait for a server that went away during the run",
    setting,
  ),
  retryDelayMax: option(duration, 60_000, "the longest wait between retries", setting),
  settle: optional(duration, "take a file once its size and mtime have not changed for this long", {
    defaultText: "1s; with --watch 2s",
    example: 1_000,
  }),
  storeWait: option(duration, 120_000, "how long to wait for a store that another program has locked"),
  memory: option(byteSize, 6 * 1024 ** 2, "memory for file contents, in total", setting),
} as const;

export type SyncSettings = ValuesOf<typeof syncOptions>;
