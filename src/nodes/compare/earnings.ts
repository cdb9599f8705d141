import type { Snapshot } from "../store/node-snapshot.ts";
import type { CompareSettings } from "./options.ts";
import { cellParts, type SummedCells } from "../store/cell-sums.ts";
import { ACTIONS, SUCCESS } from "../log/vocabulary.ts";

const TB = 1e12;
const MONTH_HOURS = 720;
const MONTH_MS = (365.25 * 86_400_000) / 12;

/** USD per TB of egress, and per TB and month stored. */
export type Rates = Pick<CompareSettings, "egressUsd" | "repairUsd" | "auditUsd" | "storageUsd">;

export interface Earnings {
  /** The API's where it is known, else the model's. */
  readonly totalUsd: number | null;
  readonly source: "api" | "model" | null;
  /** This month's net, as the node's API estimates it. */
  readonly apiUsd: number | null;
  /** The window's net by the rates; without storage where no API told how much is stored. */
  readonly modelUsd: number | null;
  readonly modelHasStorage: boolean;
  readonly perTbUsd: number | null;
}

/** The share held back from a node of that age in months. */
export function heldShare(ageMonths: number): number {
  if (ageMonths < 3) return 0.75;
  if (ageMonths < 6) return 0.5;
  return ageMonths < 9 ? 0.25 : 0;
}

function successBytes(cells: SummedCells, action: (typeof ACTIONS)[number]): number {
  let bytes = 0;
  for (const [key, cell] of cells) {
    const parts = cellParts(key);
    if (parts.outcome === SUCCESS && ACTIONS[parts.action] === action) bytes += cell.bytes;
  }
  return bytes;
}

/** What the window's traffic and storage earn by the rates, less what is held back at the node's age. */
export function earningsOf(
  cells: SummedCells,
  snapshot: Snapshot | null,
  options: { rates: Rates; windowMs: number; untilMs: number; hasOperations: boolean },
): Earnings {
  const { rates, windowMs, untilMs } = options;
  const usedBytes = snapshot?.usedBytes ?? null;
  const traffic =
    (successBytes(cells, "GET") * rates.egressUsd +
      successBytes(cells, "GET_REPAIR") * rates.repairUsd +
      successBytes(cells, "GET_AUDIT") * rates.auditUsd) /
    TB;
  const months = windowMs / 3_600_000 / MONTH_HOURS;
  const storage = usedBytes === null ? 0 : (usedBytes / TB) * rates.storageUsd * months;
  const joinedMs = snapshot?.joinedMs ?? null;
  const held = joinedMs === null ? 0 : heldShare((untilMs - joinedMs) / MONTH_MS);
  const modelUsd = options.hasOperations || usedBytes !== null ? (traffic + storage) * (1 - held) : null;
  const apiUsd = snapshot?.payoutUsd ?? null;
  const totalUsd = apiUsd ?? modelUsd;
  return {
    totalUsd,
    source: apiUsd !== null ? "api" : modelUsd !== null ? "model" : null,
    apiUsd,
    modelUsd,
    modelHasStorage: usedBytes !== null,
    perTbUsd: totalUsd !== null && usedBytes !== null && usedBytes > 0 ? totalUsd / (usedBytes / TB) : null,
  };
}
