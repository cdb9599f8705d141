import { Failure, type FailureKind } from "../lib/errors.ts";

/** The shared store is away, hangs, or refuses us. The message completes "the shared store …: ". */
export class SharedStoreError extends Failure {
  /** Trying again may help; a refusal lasts until somebody fixes its cause. */
  readonly isPassing: boolean;

  constructor(kind: FailureKind, message: string, options: { readonly isPassing: boolean }) {
    super(kind, message);
    this.isPassing = options.isPassing;
  }
}

export function unreachable(message: string): SharedStoreError {
  return new SharedStoreError("unreachable", message, { isPassing: true });
}

const CLUSTER = "it is a Redis Cluster, in which no single server decides; name a standalone server";
const SENTINEL = "it is a Sentinel, which holds no data; name the primary itself";
const REPLICA = "it is a replica, which takes no writes; name the primary";
const PASSWORD =
  "it refuses the user or the password; set them in NODUPE_SHARED=redis://USER:PASSWORD@HOST:PORT/DB";
const RIGHTS =
  "the user lacks a right: give it EVAL, EVALSHA, INFO, TIME, GET, SET, DEL, PTTL, PEXPIRE, HSET, HDEL and HEXISTS on nodupe:* (and CLIENT SETNAME and CLIENT LIST, which it can do without)";
const DATABASE = "it has no database of that number; the default is /0";

const REFUSALS: readonly (readonly [RegExp, FailureKind, string])[] = [
  [/^(MOVED|CLUSTERDOWN|CROSSSLOT)/, "usage", CLUSTER],
  [/^READONLY/, "usage", REPLICA],
  [
    /^(NOAUTH|WRONGPASS)|invalid (username|password)|without any password configured/,
    "not-permitted",
    PASSWORD,
  ],
  // Inside scripts Redis words it in its own way, by version.
  [/NOPERM|can't run this command|can't access at least one of the keys/, "not-permitted", RIGHTS],
  [/DB index|invalid DB/, "usage", DATABASE],
  [/unknown command.*(evalsha|select)/i, "usage", SENTINEL],
];

/** What an error reply of the server means; null if trying again may help. */
export function refusalOf(reply: string): SharedStoreError | null {
  const found = REFUSALS.find(([pattern]) => pattern.test(reply));
  return found === undefined ? null : new SharedStoreError(found[1], found[2], { isPassing: false });
}

/** The eviction policy of a server with a memory limit; null if nothing is evicted. */
function evictionPolicy(info: string): string | null {
  const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1] ?? "noeviction";
  return limit > 0 && policy !== "noeviction" ? policy : null;
}

/**
 * Recognises by INFO what cannot be used: Sentinels, clusters and replicas look like any server until the first key is
 * written, and a server that evicts keys silently forgets what was uploaded.
 *
 * @param info without the section `memory` evictions are not checked.
 */
export function refusalOfKind(info: string): SharedStoreError | null {
  const mode = /^redis_mode:(\w+)/m.exec(info)?.[1] ?? "standalone";
  const refused = (message: string): SharedStoreError =>
    new SharedStoreError("usage", message, { isPassing: false });
  if (mode === "cluster") return refused(CLUSTER);
  if (mode !== "standalone") return refused(SENTINEL);
  if (/^role:slave/m.test(info)) return refused(REPLICA);
  const policy = evictionPolicy(info);
  return policy === null
    ? null
    : refused(
        `it evicts keys when its memory is full (maxmemory-policy ${policy}), and so would forget what was uploaded; set maxmemory-policy noeviction`,
      );
}
