import type { Lab } from "./experiment.ts";
import { DEBUG_LOG, generateLog, type LogOptions } from "./generate-log.ts";

/** The week covered by all generated logs. */
export const LOG_WINDOW = { sinceMs: Date.UTC(2026, 0, 1), untilMs: Date.UTC(2026, 0, 8) };

/** Each generated operation is written once for each of these pieces: copying lines is faster than generating them. */
const PIECES = "ABCD";
const PIECE_KEY = '"piece_id": "';

interface NodeLog {
  readonly name: string;
  readonly seed: number;
  readonly latencyMs: number;
}

/** Two nodes, one of them slower. */
const LOGS: readonly NodeLog[] = [
  { name: "pi-1", seed: 1, latencyMs: 110 },
  { name: "pi-2", seed: 2, latencyMs: 130 },
];

export const LOG_NODES: readonly string[] = LOGS.map(({ name }) => name);

function generated(lab: Pick<Lab, "quick">): number {
  return lab.quick ? 6_000 : 30_000;
}

/** Operations in each log; each has a line for its start and one for its end. */
export function operationsIn(lab: Pick<Lab, "quick">): number {
  return generated(lab) * PIECES.length;
}

/** The line once for each of PIECES. */
function copiesOf(line: string): string {
  const at = line.indexOf(PIECE_KEY) + PIECE_KEY.length;
  const [head, tail] = [line.slice(0, at), line.slice(at + 1)];
  return Array.from(PIECES, (first) => `${head}${first}${tail}\n`).join("");
}

async function writeCopies(path: string, options: LogOptions): Promise<void> {
  const writer = Bun.file(path).writer();
  for (const chunk of generateLog(options)) {
    const lines = chunk.trimEnd().split("\n");
    await writer.write(lines.map(copiesOf).join(""));
  }
  await writer.end();
}

/** The log of one of LOG_NODES over LOG_WINDOW, as written by a node of version 1.146 with debug lines. */
export function nodeLog(lab: Lab, node: string): Promise<string> {
  const log = LOGS.find(({ name }) => name === node);
  if (log === undefined)
    throw new Error(`Cannot generate the log of ${node}: expected ${LOG_NODES.join(" or ")}`);
  return lab.shared(`${node}.log`, (path) =>
    writeCopies(path, {
      ...DEBUG_LOG,
      operations: generated(lab),
      startMs: LOG_WINDOW.sinceMs,
      spanMs: LOG_WINDOW.untilMs - LOG_WINDOW.sinceMs,
      seed: log.seed,
      latencyMs: log.latencyMs,
    }),
  );
}

/**
 * A copy of a log of LOG_WINDOW, moved to another month of its year (2 to 9): a store does not have these lines yet.
 */
export function inMonth(log: string, month: number): string {
  return log.replaceAll(/^2026-01-/gm, `2026-0${month}-`);
}
