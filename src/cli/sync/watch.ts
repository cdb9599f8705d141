import { syncResult, syncText } from "../../render/sync.ts";
import type { RunOptions, RunOutcome } from "../../upload/run-options.ts";
import type { WatchMode } from "../../upload/watch/watch.ts";
import { isCutShort } from "../../upload/plan/stop.ts";
import { watchUploads } from "../../upload/watch/watch-uploads.ts";
import type { ExitCode, Invocation } from "../command-line/command.ts";
import type { Sections } from "../../settings/option.ts";
import { serviceManager } from "../command-line/service-manager.ts";

function modeText(mode: WatchMode, root: string): string {
  switch (mode.type) {
    case "events": {
      const { folders } = mode;
      if (folders === null) return `watching ${root}`;
      return `watching ${root} (${folders === 1 ? "1 folder" : `${folders} folders`})`;
    }
    case "scanning":
      return `${root} is scanned every 30 s instead of being watched: ${mode.reason}`;
    case "absent":
      return `${root} is missing; waiting for it to come back`;
  }
}

/** Uploads a folder and watches it. Prints a result for the first pass, and for everything uploaded afterwards. */
export async function watchSync(
  { terminal, signal, environment }: Pick<Invocation<Sections>, "terminal" | "signal" | "environment">,
  options: RunOptions,
  startedMs: number,
): Promise<ExitCode> {
  const { root, destination } = options;
  using manager = await serviceManager(environment, terminal);
  let roundMs = startedMs;
  let uploaded = 0;
  let how = "starting";
  const onRound = async ({ tally, found, sentBytes, stop, error }: RunOutcome): Promise<void> => {
    const result = syncResult(tally, {
      found,
      sentBytes,
      elapsedS: (performance.now() - roundMs) / 1_000,
      interrupted: isCutShort(stop),
      error,
      dryRun: false,
      destination,
    });
    roundMs = performance.now();
    uploaded += tally.uploaded;
    manager.status(`${how}; ${uploaded} uploaded since the start`);
    if (terminal.json) await terminal.resultJson(result);
    else await terminal.result(syncText(result));
  };
  const last = await watchUploads({
    ...options,
    onRound,
    onMode: (mode) => {
      how = modeText(mode, root);
      manager.ready(how);
      if (mode.type === "events") terminal.info(how);
      else terminal.warn(how);
    },
  });
  manager.stopping();
  const stop = last?.stop ?? null;
  if (stop?.type === "broken") throw stop.error;
  if (stop?.type === "unauthorized") {
    terminal.error(`${destination}: ${stop.reason}`);
    return 5;
  }
  // A watch always ends by interruption. main returns the signal's exit code.
  return signal.aborted || (last?.tally.failures.length ?? 0) === 0 ? 0 : 1;
}
