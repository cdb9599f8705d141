import { formatCount, plural } from "../../lib/format/count.ts";
import type { SourceEvent } from "../../nodes/ingest/file-ingest.ts";
import type { Terminal } from "../terminal/terminal.ts";

function openedText({ format, offsetBytes }: Extract<SourceEvent, { type: "opened" }>): string {
  if (format === "stream") return "reading lines as they come";
  if (format === "compressed") return "reading all of it: a compressed file has no place to continue from";
  if (offsetBytes === 0) return "reading from the beginning";
  return `continuing at byte ${formatCount(offsetBytes)}: what comes before was read earlier`;
}

function readText({ counts }: Extract<SourceEvent, { type: "read" }>): string {
  const { lines, events, started, facts, known, ignored, malformed } = counts;
  if (lines === 0) return "nothing new";
  const parts = [
    `${formatCount(events + started + facts)} new`,
    known > 0 ? `${formatCount(known)} skipped (already in the store)` : "",
    ignored > 0 ? `${formatCount(ignored)} ignored (not about operations)` : "",
    malformed > 0 ? `${formatCount(malformed)} malformed` : "",
  ];
  return `${plural(lines, "line")}: ${parts.filter((part) => part !== "").join(", ")}`;
}

const CHANGES: Readonly<Record<"replaced" | "truncated" | "missing", string>> = {
  replaced: "rotated: a new file has this name; the old one is read until nothing more is written to it",
  truncated: "truncated: reading from the beginning",
  missing: "not there yet; waiting for it",
};

/** With `-v`, logs which file is read, and from where. */
export function sourceLog(terminal: Pick<Terminal, "debug">): (event: SourceEvent) => void {
  return (event) => {
    const { type, path } = event;
    switch (type) {
      case "opened": {
        const { format, offsetBytes } = event;
        const fields = { event: type, path, format, offset_bytes: offsetBytes };
        terminal.debug(`${path}: ${openedText(event)}`, fields);
        return;
      }
      case "read": {
        const { lines, events, started, facts, known, ignored, malformed } = event.counts;
        const fields = { lines, events, started, facts, known, ignored, malformed };
        terminal.debug(`${path}: ${readText(event)}`, { event: type, path, ...fields });
        return;
      }
      case "replaced":
      case "truncated":
      case "missing":
        terminal.debug(`${path}: ${CHANGES[type]}`, { event: type, path });
    }
  };
}
