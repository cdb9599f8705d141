/**
 * The only place that starts workers. In the compiled binary `import.meta.url` is the entry point's, so workers
 * are only found from a file in this folder.
 */
export function startNtpPeersWorker(): Worker {
  return new Worker(new URL("./workers/ntp-peers.ts", import.meta.url));
}

export function startHashWorker(): Worker {
  return new Worker(new URL("./workers/hash.ts", import.meta.url));
}

export function startParseLogWorker(): Worker {
  return new Worker(new URL("./workers/parse-log.ts", import.meta.url));
}

export function startCompareWorker(): Worker {
  return new Worker(new URL("./workers/compare.ts", import.meta.url));
}
