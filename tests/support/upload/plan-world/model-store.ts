import type { ContentStanding } from "../../../../src/upload/ledger/ledger.ts";
import type { Settlement } from "../../../../src/upload/plan/actions.ts";
import type { Stray } from "../../../../src/upload/plan/events.ts";

type State = ContentStanding["state"];

const FRESH: ContentStanding = {
  state: "pending",
  sentUptimeMs: null,
  sentBoot: null,
  runId: null,
  status: null,
  reason: null,
};

/** The contents in a store, which outlives the runs. */
export class ModelStore {
  readonly #rows = new Map<string, ContentStanding>();
  #runId = 0;

  get runId(): number {
    return this.#runId;
  }

  /** From here on another run writes. */
  beginRun(): void {
    this.#runId += 1;
  }

  get(checksum: string): ContentStanding | null {
    return this.#rows.get(checksum) ?? null;
  }

  /** Contents whose rows say that they are in flight. */
  get sending(): string[] {
    return this.#in("sending");
  }

  get done(): string[] {
    return this.#in("done");
  }

  #in(wanted: State): string[] {
    return [...this.#rows].flatMap(([checksum, { state }]) => (state === wanted ? [checksum] : []));
  }

  /** @param onlyIn write only if the row has one of these states. */
  write(checksum: string, change: Partial<ContentStanding>, onlyIn?: readonly State[]): void {
    const row = this.#rows.get(checksum);
    if (onlyIn !== undefined && (row === undefined || !onlyIn.includes(row.state))) return;
    this.#rows.set(checksum, { ...FRESH, ...row, runId: this.#runId, ...change });
  }

  /** Records how a content ended, if that changes anything. */
  settle(checksum: string, as: Settlement): void {
    switch (as.type) {
      case "uploaded":
      case "known":
        this.write(checksum, { state: "done" });
        return;
      case "refused":
        this.write(checksum, { state: "failed" });
        return;
      case "failed":
        this.write(checksum, { state: "pending" });
        return;
      case "gone":
        this.write(checksum, { runId: null });
        return;
      case "open":
      case "postponed":
      case "left":
    }
  }

  /** Contents that earlier runs left in flight. */
  strays(nowMs: number): Stray[] {
    return [...this.#rows]
      .filter(([, row]) => row.state === "sending" && row.runId !== this.#runId)
      .map(([checksum, row]) => ({ checksum, sentAgoMs: nowMs - (row.sentUptimeMs ?? 0) }));
  }
}
