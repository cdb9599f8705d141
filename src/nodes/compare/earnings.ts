import type { Snapshot } from "../store/node-snapshot.ts";
import type { Window } from "./load.ts";
import type { CompareSettings } from "./options.ts";
import type { ActionSums } from "../store/action-sums.ts";
import { ACTIONS } from "../log/vocabulary.ts";

const TB = 1e12;
const MONTH_HOURS = 720;
const MONTH_MS = (365.25 * 86_400_000) / 12;

/** USD per TB of egress, and per TB and month of storage. */
export type Rates = Pick<CompareSettings, "egressUsd" | "repairUsd" | "auditUsd" | "storageUsd">;

export type EarningsSource = "api" | "model";

export interface Earnings {
  /** From the source that all compared nodes have. */
  readonly totalUsd: number | null;
  readonly source: EarningsSource | null;
  /** This month's net as estimated by the node's API; null if the window does not end in the month of the estimate. */
  readonly apiUsd: number | null;
  /** When the API reported it, Unix ms. */
  readonly apiAtMs: number | null;
  /** The amount held back this month, as reported by the API. */
  readonly heldUsd: number | null;
  /** The window's net at the given rates; without storage if no API reported how much is stored. */
  readonly modelUsd: number | null;
  readonly modelHasStorage: boolean;
  readonly perTbUsd: number | null;
}

/** Whether two times are in the same month in UTC, which satellites use. */
function isSameMonth(aMs: number, bMs: number): boolean {
  return new Date(aMs).toISOString().slice(0, 7) === new Date(bMs).toISOString().slice(0, 7);
}

/** The API's estimate covers the month it was made in, so it is used for windows that end in that month. */
function monthOf(
  snapshot: Snapshot | null,
  window: Window,
): { payoutUsd: number; heldUsd: number | null; takenMs: number } | null {
  if (snapshot === null || snapshot.payoutUsd === null) return null;
  const { payoutUsd, heldUsd, takenMs } = snapshot;
  const told = snapshot.payoutTakenMs ?? takenMs;
  return isSameMonth(told, window.untilMs - 1) ? { payoutUsd, heldUsd, takenMs: told } : null;
}

/**
 * The API if it reported this month's earnings for every node, else the model for all: both must come from the same
 * source.
 */
export function commonSource(snapshots: readonly (Snapshot | null)[], window: Window): EarningsSource {
  const told = snapshots.every((snapshot) => monthOf(snapshot, window) !== null);
  return told && snapshots.length > 0 ? "api" : "model";
}

/** The share held back from a node of this age in months. */
export function heldShare(ageMonths: number): number {
  if (ageMonths < 3) return 0.75;
  if (ageMonths < 6) return 0.5;
  return ageMonths < 9 ? 0.25 : 0;
}

function bytesOf({ successBytes }: ActionSums, action: (typeof ACTIONS)[number]): number {
  return successBytes[ACTIONS.indexOf(action)] ?? 0;
}

/**
 * What the window's traffic and storage earn at the given rates, less the share held back at the node's age; also the
 * API's estimate.
 */
export function earningsOf(
  actions: ActionSums,
  snapshot: Snapshot | null,
  options: { rates: Rates; window: Window; source: EarningsSource; hasOperations: boolean },
): Earnings {
  const { rates, window } = options;
  const usedBytes = snapshot?.usedBytes ?? null;
  const traffic =
    (bytesOf(actions, "GET") * rates.egressUsd +
      bytesOf(actions, "GET_REPAIR") * rates.repairUsd +
      bytesOf(actions, "GET_AUDIT") * rates.auditUsd) /
    TB;
  const months = (window.untilMs - window.sinceMs) / 3_600_000 / MONTH_HOURS;
  const storage = usedBytes === null ? 0 : (usedBytes / TB) * rates.storageUsd * months;
  const joinedMs = snapshot?.joinedMs ?? null;
  const held = joinedMs === null ? 0 : heldShare((window.untilMs - joinedMs) / MONTH_MS);
  const modelUsd = options.hasOperations || usedBytes !== null ? (traffic + storage) * (1 - held) : null;
  const month = monthOf(snapshot, window);
  const apiUsd = month?.payoutUsd ?? null;
  const totalUsd = options.source === "api" ? apiUsd : modelUsd;
  return {
    totalUsd,
    source: totalUsd === null ? null : options.source,
    apiUsd,
    apiAtMs: apiUsd === null ? null : (month?.takenMs ?? null),
    heldUsd: month?.heldUsd ?? null,
    modelUsd,
    modelHasStorage: usedBytes !== null,
    perTbUsd: totalUsd !== null && usedBytes !== null && usedBytes > 0 ? totalUsd / (usedBytes / TB) : null,
  };
}
