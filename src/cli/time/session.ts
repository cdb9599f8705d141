import type { Store } from "../../db/open.ts";
import { messageOf } from "../../lib/errors.ts";
import { BUILD_TIME_S } from "../../lib/version.ts";
import type { Obtained } from "../../time/sources/fallback-chain.ts";
import { systemLookup } from "../../time/net/resolve.ts";
import type { ClockOutcome, TimeResult } from "../../time/result.ts";
import { type SessionOptions, TimeSession } from "../../time/session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { logRound } from "./log.ts";

/** The parts of an Invocation that a measurement needs. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  openStore(): Promise<Store>;
}

/** Opens the store. If that fails, warns and returns null: measuring does not need it. */
async function storeOrNull(surroundings: Surroundings): Promise<Store | null> {
  try {
    return await surroundings.openStore();
  } catch (error) {
    surroundings.terminal.warn(`${messageOf(error)}; measuring without it`);
    return null;
  }
}

type Asked = Pick<SessionOptions, "settings" | "clock" | "isThorough"> & {
  /** Where the list of servers comes from. */
  readonly origin: { readonly source: string };
};

export function openSession(
  { settings, clock, isThorough, origin }: Asked,
  surroundings: Surroundings,
): TimeSession {
  // The default time servers are not NTS key exchange servers.
  const isUnnamed = settings.nts && origin.source === "default";
  return new TimeSession({
    settings: isUnnamed ? { ...settings, server: settings.ntsServer } : settings,
    clock,
    isThorough,
    // Servers named by a flag are always asked, whatever earlier runs saw of them.
    askAll: origin.source === "flag",
    lookup: systemLookup,
    buildTimeS: BUILD_TIME_S,
    signal: surroundings.signal,
    openStore: () => storeOrNull(surroundings),
    onStoreFailure: (error) => {
      surroundings.terminal.warn(`the store cannot be read: ${messageOf(error)}; measuring without it`);
    },
  });
}

/**
 * Logs a run with `-v` and records its traces. If the store fails now, the measurement still counts: it was already
 * reported.
 */
export function recordRun(
  session: TimeSession,
  terminal: Terminal,
  traces: { readonly result: TimeResult; readonly obtained: Obtained; readonly clockOutcome: ClockOutcome },
): void {
  logRound(terminal, traces.result);
  try {
    session.record(traces.result, traces.obtained, traces.clockOutcome);
  } catch (error) {
    terminal.warn(`the store could not record this run: ${messageOf(error)}`);
  }
}

/** Saves the clock when a service ends, for a later start without a network. */
export function saveClock(session: TimeSession, terminal: Terminal): void {
  try {
    session.saveClock();
  } catch (error) {
    terminal.warn(`the store could not save the clock: ${messageOf(error)}`);
  }
}
