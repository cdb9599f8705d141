import type { Database } from "bun:sqlite";
import { destinationRow } from "../../upload/ledger/destination.ts";
import { type Content, Ledger } from "../../upload/ledger/ledger.ts";
import { beginRun, endRun } from "../../upload/ledger/run-record.ts";
import { DEMO_DESTINATION, DEMO_FOLDER, demoContent, demoEnding, demoPace } from "./uploads.ts";

const HOUR_MS = 3_600_000;
/** CVs uploaded by yesterday's run, which ended ENDED_AGO_MS ago and took EACH_MS for each. */
const BEFORE = 1_400;
const ENDED_AGO_MS = 21 * HOUR_MS;
const EACH_MS = 900;
/** CVs found at once; as many more are found whenever fewer than `LEAST_QUEUED` wait. */
const FOUND = 320;
const LEAST_QUEUED = 40;

/** The run in progress while the board is viewed, and one before it that ended yesterday. */
export class UploadStory {
  readonly #ledger: Ledger;
  readonly #seed: number;
  /** The numbers of the next CV to find and the next one to send. */
  #found = BEFORE;
  #sent = BEFORE;
  #second = 0;
  #inFlight: readonly number[] = [];

  constructor(db: Database, { nowMs, seed }: { readonly nowMs: number; readonly seed: number }) {
    this.#seed = seed;
    const { id: destinationId } = destinationRow(db, DEMO_DESTINATION);
    const endedMs = nowMs - ENDED_AGO_MS;
    let pastMs = endedMs - BEFORE * EACH_MS;
    const before = beginRun(db, destinationId, DEMO_FOLDER, pastMs);
    const past = new Ledger(db, { destinationId, runId: before, now: () => pastMs });
    const totals = { found: BEFORE, uploaded: 0, duplicate_remote: 0, failed: 0 };
    for (let number = 0; number < BEFORE; number += 1) {
      pastMs += EACH_MS;
      const { type } = this.#settle(past, number);
      totals[type === "known" ? "duplicate_remote" : type] += 1;
    }
    past.flush();
    endRun(db, before, totals, endedMs);
    const runId = beginRun(db, destinationId, DEMO_FOLDER, nowMs);
    this.#ledger = new Ledger(db, { destinationId, runId });
    this.#find(FOUND);
    this.#ledger.flush();
  }

  /** Simulates one second: the uploads in flight end, and the next ones are sent. */
  async step(): Promise<void> {
    this.#second += 1;
    for (const number of this.#inFlight) this.#settle(this.#ledger, number);
    if (this.#found - this.#sent < LEAST_QUEUED) this.#find(FOUND);
    const pace = demoPace(this.#second, this.#seed);
    this.#inFlight = Array.from({ length: pace }, (_, at) => this.#sent + at);
    this.#sent += pace;
    await this.#ledger.sending(this.#inFlight.map((number) => this.#content(number)));
  }

  #content(number: number): Content {
    return demoContent(number, this.#seed);
  }

  #find(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.#ledger.pending(this.#content(this.#found), { status: null, reason: null });
      this.#found += 1;
    }
  }

  #settle(ledger: Ledger, number: number): ReturnType<typeof demoEnding> {
    const ending = demoEnding(number, this.#seed);
    const content = this.#content(number);
    if (ending.type === "failed") ledger.failed(content, ending);
    else ledger.done(content, ending.type === "known" ? "server" : "upload");
    return ending;
  }
}
