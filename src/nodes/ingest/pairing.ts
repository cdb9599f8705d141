import { type Events, NO_DURATION, startLineIdentity } from "../log/events.ts";
import { lineIdentity } from "../log/line-hash.ts";
import type { OpenOperation } from "./open-operations.ts";
import type { PairState, RaceLost, RaceTold } from "./pair-state.ts";
import type { ParsedLines } from "../log/parsed-lines.ts";
import {
  ABANDONED,
  CANCELED,
  FAILED,
  isIngress,
  LEVEL_DEBUG,
  LINE_ENDED,
  LINE_RACE_LOST,
  LINE_STARTED,
} from "../log/vocabulary.ts";

/** How long the full line may come after a race-lost one: both are written by the same request. */
const RACE_WINDOW_MS = 5_000;
/** When there are more race-lost lines than this that became events, old ones are removed. */
const RACE_TOLD_KEPT = 64;

/** Lines of earlier files and runs. `take` returns true once for each time that a line is in the store. */
export interface KnownLines {
  take(identity: number, timeMs: number): boolean;
  /** false: no line of that time is known. */
  mayKnow(timeMs: number): boolean;
}

export interface PairContext {
  readonly known: KnownLines;
  /** Maps the parser's satellite index to the store's ID. */
  readonly satelliteIds: ArrayLike<number>;
  /** By row: set to 1 for each line that is not known, else to 0. */
  readonly fresh: Uint8Array;
}

export interface PairCounts {
  events: number;
  started: number;
  known: number;
  /** Race-lost lines whose operation is counted by another line. */
  ignored: number;
}

interface Target {
  readonly state: PairState;
  readonly into: Events;
  readonly counts: PairCounts;
}

/** The identity of row `row`: the same number for any file, prefix and encoding of the line. */
export function rowIdentity(lines: ParsedLines, row: number): number {
  const what = lines.what[row] ?? 0;
  const timeMs = lines.timeMs[row] ?? 0;
  const keyLow = lines.keyLow[row] ?? 0;
  if (what === LINE_STARTED) return startLineIdentity(timeMs, keyLow);
  return lineIdentity(
    timeMs,
    keyLow,
    what === LINE_RACE_LOST ? LINE_ENDED + CANCELED : what,
    lines.sizeBytes[row] ?? -1,
  );
}

function pushEvent(
  into: Events,
  event: Omit<OpenOperation, "piece" | "startMs"> & {
    timeMs: number;
    durationMs: number;
    sizeBytes: number;
    outcome: number;
  },
): void {
  const row = into.count;
  into.timeMs[row] = event.timeMs;
  into.durationMs[row] = event.durationMs;
  into.sizeBytes[row] = event.sizeBytes;
  into.satellite[row] = event.satellite;
  into.action[row] = event.action;
  into.outcome[row] = event.outcome;
  into.coarse[row] = event.coarse ? 1 : 0;
  into.key[row] = event.keyLow;
  into.count = row + 1;
}

/** Keeps a start whose end is not (or no longer) expected, so that its line is recognised when read again. */
export function pushAbandoned(into: Events, operation: OpenOperation): void {
  pushEvent(into, {
    ...operation,
    timeMs: operation.startMs,
    durationMs: NO_DURATION,
    sizeBytes: -1,
    outcome: ABANDONED,
  });
}

function noteTold(state: PairState, { piece, timeMs, action }: RaceTold): void {
  if (state.raceTold.length >= RACE_TOLD_KEPT) {
    state.raceTold = state.raceTold.filter((told) => told.timeMs >= timeMs - RACE_WINDOW_MS);
  }
  state.raceTold.push({ piece, timeMs, action });
}

/**
 * Counts a race-lost line without a full line as a canceled operation, with the details of an open start on its piece.
 */
function tellRaceLost(lost: RaceLost, { state, into, counts }: Target): void {
  const started = state.open.takeByPiece(lost.piece);
  if (started !== null) pushAbandoned(into, started);
  pushEvent(into, {
    timeMs: lost.timeMs,
    durationMs: started === null ? NO_DURATION : lost.timeMs - started.startMs,
    sizeBytes: -1,
    satellite: started?.satellite ?? 0,
    action: started?.action ?? lost.action,
    outcome: CANCELED,
    coarse: lost.coarse || started?.coarse === true,
    keyLow: lost.keyLow,
    keyHigh: lost.keyHigh,
  });
  noteTold(state, lost);
  counts.events += 1;
}

/** Turns race-lost lines older than the window, or all of them at the end of an input, into events. */
export function settleRaceLost(beforeMs: number, target: Target): void {
  const { state } = target;
  if (state.raceLost.length > 0) {
    const waiting = state.raceLost;
    state.raceLost = [];
    for (const lost of waiting) {
      if (lost.timeMs < beforeMs) tellRaceLost(lost, target);
      else state.raceLost.push(lost);
    }
  }
}

/**
 * Matches the full line of a lost race with its race-lost line: one that is waiting, or one that already became an
 * event.
 */
function meetRaceLost(full: RaceTold, { state, counts }: Target): "waiting" | "told" | "none" {
  const isSame = (lost: RaceTold): boolean =>
    lost.piece === full.piece &&
    isIngress(lost.action) === isIngress(full.action) &&
    Math.abs(full.timeMs - lost.timeMs) <= RACE_WINDOW_MS;
  const waiting = state.raceLost.findIndex(isSame);
  if (waiting >= 0) {
    state.raceLost.splice(waiting, 1);
    counts.ignored += 1;
    return "waiting";
  }
  const told = state.raceTold.findIndex(isSame);
  if (told < 0) return "none";
  state.raceTold.splice(told, 1);
  return "told";
}

/**
 * Whether row `row` can be the full line of a race-lost one. Versions 1.92 to 1.110 logged an upload that lost its race
 * as `upload failed`, at DEBUG.
 */
function mayBeRaceLost(lines: ParsedLines, row: number): boolean {
  const what = lines.what[row];
  if (what === LINE_ENDED + CANCELED) return true;
  return (
    what === LINE_ENDED + FAILED && lines.level[row] === LEVEL_DEBUG && isIngress(lines.action[row] ?? 0)
  );
}

/**
 * Pairs ends with starts, first in, first out for each key, and leaves out known lines. Pure except for `state` and
 * `into`, which it updates. `satelliteIds` maps the parser's satellite indices to the store's IDs.
 *
 * `into` must have room for two rows per line: an end may leave an abandoned start beside its event.
 */
export function pairLines(
  lines: ParsedLines,
  state: PairState,
  into: Events,
  context: PairContext,
): PairCounts {
  const { known, satelliteIds, fresh } = context;
  const { open } = state;
  const counts: PairCounts = { events: 0, started: 0, known: 0, ignored: 0 };
  const target: Target = { state, into, counts };
  for (let row = 0; row < lines.count; row += 1) {
    const timeMs = lines.timeMs[row] ?? 0;
    const keyLow = lines.keyLow[row] ?? 0;
    const keyHigh = lines.keyHigh[row] ?? 0;
    const coarse = lines.coarse[row] === 1;
    const action = lines.action[row] ?? 0;
    const satellite = satelliteIds[lines.satellite[row] ?? 0] ?? 0;
    const piece = lines.piece[row] ?? 0;
    const race =
      (state.raceLost.length > 0 || state.raceTold.length > 0) && mayBeRaceLost(lines, row)
        ? meetRaceLost({ piece, timeMs, action }, target)
        : "none";
    // Both lines are one canceled operation, with the identity of the full line.
    if (race !== "none") lines.what[row] = LINE_ENDED + CANCELED;
    const what = lines.what[row] ?? 0;
    const isKnown = known.mayKnow(timeMs) && known.take(rowIdentity(lines, row), timeMs);
    if (isKnown) counts.known += 1;
    fresh[row] = isKnown ? 0 : 1;
    if (state.raceLost.length > 0 && race === "none") settleRaceLost(timeMs - RACE_WINDOW_MS, target);

    if (what === LINE_STARTED) {
      if (isKnown) continue;
      open.addRow(lines, row, satellite);
      counts.started += 1;
      continue;
    }
    if (what === LINE_RACE_LOST) {
      if (isKnown) noteTold(state, { piece, timeMs, action });
      else state.raceLost.push({ piece, timeMs, action, coarse, keyLow, keyHigh });
      continue;
    }
    const outcome = what - LINE_ENDED;
    if (race === "told" && !isKnown) {
      counts.ignored += 1;
      continue;
    }
    if (isKnown) {
      // Its start came only now (this file goes further back): nothing is waiting for it any more.
      if (open.takeNew(keyLow, keyHigh)) {
        pushAbandoned(into, {
          keyLow,
          keyHigh,
          piece,
          startMs: open.takenStartMs,
          satellite,
          action,
          coarse: open.takenCoarse,
        });
      }
      continue;
    }
    const isPaired = open.take(keyLow, keyHigh);
    const next = into.count;
    into.timeMs[next] = timeMs;
    into.durationMs[next] = isPaired ? timeMs - open.takenStartMs : NO_DURATION;
    into.sizeBytes[next] = lines.sizeBytes[row] ?? -1;
    into.satellite[next] = satellite;
    into.action[next] = action;
    into.outcome[next] = outcome;
    into.coarse[next] = coarse || (isPaired && open.takenCoarse) ? 1 : 0;
    into.key[next] = keyLow;
    into.count = next + 1;
    counts.events += 1;
  }
  return counts;
}
