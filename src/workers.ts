/**
 * The one place that starts workers. In the compiled binary `import.meta.url` is the entry's, so a worker is found
 * only from a file that lies where this one does.
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
