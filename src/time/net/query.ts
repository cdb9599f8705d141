import type { Clock } from "../clock/clock.ts";
import type { Outgoing } from "../ntp/peer.ts";
import type { Ending } from "../ntp/stop-rule.ts";
import type { Round } from "../ntp/round.ts";
import type { Transport } from "./transport.ts";

export interface QueryContext {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Turns requests into what is sent; may drop some. Called on every turn, even if none are due. */
  readonly seal?: (due: readonly Outgoing[]) => readonly Outgoing[];
  readonly deadlineRawNs: bigint;
  readonly signal: AbortSignal;
}

/** The longest single wait: how often name lookups and signals are checked. */
const LONGEST_WAIT_NS = 4_000_000n;

/** Sends the requests of a round that are due. */
export function sendDue(
  round: Round,
  { transport, clock, seal = (due) => due }: Pick<QueryContext, "transport" | "clock" | "seal">,
): void {
  for (const outgoing of seal(round.due(clock.rawNs()))) {
    const sent = transport.send(outgoing.peer.target.endpoint, outgoing.bytes);
    if (sent.ok) outgoing.peer.sentAt(outgoing.cookie, sent.atRawNs);
    else round.notSent(outgoing, sent.reason);
  }
}

/** Runs a round to its end: sends requests and processes events until enough servers agree or the deadline passes. */
export async function query(round: Round, context: QueryContext): Promise<Ending> {
  const { transport, clock, deadlineRawNs, signal } = context;
  for (;;) {
    if (signal.aborted) return "interrupted";
    sendDue(round, context);
    const nowRawNs = clock.rawNs();
    const ending = round.ending(nowRawNs);
    if (ending !== null) return ending;
    if (nowRawNs >= deadlineRawNs) return "deadline";
    const candidates = [deadlineRawNs, round.nextWakeRawNs(nowRawNs), nowRawNs + LONGEST_WAIT_NS];
    const next = candidates.reduce((earliest, at) => (at < earliest ? at : earliest));
    const waitMs = next > nowRawNs ? Number(next - nowRawNs) / 1e6 : 0;
    for (const event of await transport.receive(waitMs)) round.on(event);
  }
}
