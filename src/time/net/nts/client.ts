import { randomBytes } from "node:crypto";
import type { Round } from "../../ntp/round.ts";
import { formatServerName } from "../server-name.ts";
import { Association } from "./association.ts";
import { type NtsContext, NtsRound } from "./nts-round.ts";

/** Key exchange servers with their keys and cookies, across all rounds of a process. */
export class NtsClient {
  readonly #context: NtsContext;
  readonly #associations = new Map<string, Association>();

  /** @param isFresh ignore what earlier runs stored. */
  constructor(context: NtsContext, isFresh: boolean) {
    this.#context = context;
    const kept = isFresh ? undefined : context.jar?.kept();
    for (const server of context.servers.map(formatServerName)) {
      const found = kept?.get(server);
      if (found === undefined || found.cookies === 0 || found.notAfterMs < context.floorMs) continue;
      const isValidNow = context.nowMs() >= found.notBeforeMs && context.nowMs() <= found.notAfterMs;
      const options = { isValidNow, kept: found, cookies: [], random: randomBytes };
      this.#associations.set(server, new Association(found, options));
    }
  }

  /** Adds all servers: those with cookies are queried at once, the others once keys have been exchanged. */
  begin(round: Round, signal: AbortSignal): NtsRound {
    return new NtsRound(round, { ...this.#context, associations: this.#associations, signal });
  }

  /** Stores the remaining cookies; those of a new exchange replace the old ones. */
  save(): void {
    const { jar } = this.#context;
    // Without a store they stay in memory for the next round.
    if (jar === null) return;
    for (const [server, association] of this.#associations) {
      const { id, address, agreed } = association;
      const cookies = association.takeAllFresh();
      if (id === null) association.keptAs(jar.replace(server, agreed, cookies, address), cookies.length);
      else if (cookies.length > 0) association.keptAs(id, jar.put(id, cookies, address));
    }
  }
}
