import { escapeText } from "../lib/format/escape.ts";
import { type HistoryEntry, SHOWN_DIGITS, type StateCounts } from "../upload/ledger/history.ts";

export interface EntryJson extends Omit<HistoryEntry, "updatedAtMs"> {
  readonly updated_at: string;
}

export interface ShownDestination {
  readonly url: string;
  readonly counts: StateCounts;
  readonly entries: readonly HistoryEntry[];
}

/** An entry as shown by `history list --json` and the API. */
export function entryJson(entry: HistoryEntry): EntryJson {
  return {
    checksum: entry.checksum,
    state: entry.state,
    via: entry.via,
    path: entry.path,
    status: entry.status,
    reason: entry.reason,
    updated_at: new Date(entry.updatedAtMs).toISOString(),
  };
}

/** What `history list --json` prints. */
export function historyJson(destinations: readonly ShownDestination[]): object {
  return {
    destinations: destinations.map(({ url, counts, entries }) => ({
      url,
      counts,
      entries: entries.map(entryJson),
    })),
  };
}

function entryLine(entry: HistoryEntry): string {
  const when = new Date(entry.updatedAtMs).toISOString().replace(/\.\d+Z$/, "Z");
  const how = entry.state === "done" && entry.via !== null ? `done (${entry.via})` : entry.state;
  const parts = [entry.checksum.slice(0, SHOWN_DIGITS), when, how.padEnd(13), entry.path ?? "-"];
  return `  ${escapeText(`${parts.join("  ")}${entry.reason === null ? "" : `  ${entry.reason}`}`)}`;
}

/** What `history list` prints for people. */
export function historyText(destinations: readonly ShownDestination[]): string {
  if (destinations.length === 0) return "Nothing has been uploaded yet.";
  return destinations
    .map(({ url, counts, entries }) => {
      const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
      return [`${url}: ${states.join(", ")}`, ...entries.map(entryLine)].join("\n");
    })
    .join("\n");
}
