import { watch } from "node:fs";
import { basename } from "node:path";
import { wait } from "../../lib/wait.ts";
import { Arrivals } from "./arrivals.ts";
import type { SessionEnd, SessionOptions } from "./inotify-watch.ts";
import { lookAt } from "./look.ts";

const MOST_HELD = 20_000;
const TICKS_MS = 500;

/**
 * Watches through the runtime, where there is no inotify. It does not report when a file is closed, so each file has
 * to look the same twice; a rename looks like a write.
 */
export async function portableWatch(options: SessionOptions): Promise<SessionEnd> {
  const { root, rules, settleMs, rescanMs, ready, signal, now, onWatching } = options;
  const arrivals = new Arrivals({ settleMs, mostHeld: MOST_HELD });
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);
  const watcher = watch(root, { recursive: true, signal: ending }, (_event, name) => {
    const relativePath = name?.toString().replaceAll("\\", "/") ?? "";
    if (rules.isRules(basename(relativePath))) ready.askRescan("an ignore file has changed");
    if (rules.isCandidate(basename(relativePath)))
      arrivals.on({ type: "touched", path: relativePath }, now());
    // Not every system reports what a new folder contains.
    else if (relativePath !== "" && !basename(relativePath).includes("."))
      ready.askRescan("a folder has changed");
  });
  watcher.on("error", () => over.abort());
  onWatching(1);
  ready.askRescan("watching has begun");
  let rescanAtMs = now() + rescanMs;
  while (await wait(TICKS_MS, ending)) {
    if (now() >= rescanAtMs) {
      ready.askRescan("the regular rescan is due");
      rescanAtMs = now() + rescanMs;
    }
    for (const path of ready.takeTouched()) arrivals.on({ type: "touched", path }, now());
    let actions = arrivals.on({ type: "tick" }, now());
    while (actions.length > 0) {
      const next = [];
      for (const action of actions) {
        if (action.type === "arrive") ready.add(action.path);
        if (action.type === "rescan")
          ready.askRescan("more files were being written than are held in memory");
        if (action.type === "look")
          next.push(
            ...arrivals.on(
              { type: "looked", path: action.path, look: lookAt(`${root}/${action.path}`) },
              now(),
            ),
          );
      }
      actions = next;
    }
  }
  watcher.close();
  return signal.aborted ? { type: "aborted" } : { type: "root-gone" };
}
