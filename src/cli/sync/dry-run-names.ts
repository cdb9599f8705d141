import { escapeText } from "../../lib/format/escape.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Lines per write. */
const LINES = 500;

/** Writes the names of the files that a dry run would send, one per line, as they are found. */
export function dryRunNames(terminal: Pick<Terminal, "result">): {
  add(path: string): Promise<void>;
  flush(): Promise<void>;
} {
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return;
    const text = lines.join("\n");
    lines = [];
    await terminal.result(text);
  };
  return {
    add: async (path) => {
      lines.push(escapeText(path));
      if (lines.length >= LINES) await flush();
    },
    flush,
  };
}
