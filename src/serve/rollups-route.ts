import type { Store } from "../db/open.ts";
import { Failure, messageOf } from "../lib/errors.ts";
import { encodeFrame } from "../nodes/fleet/frame-codec.ts";
import { readFrame } from "../nodes/fleet/node-frame.ts";
import { findNode, nodeNames } from "../nodes/store/node-store.ts";
import { query } from "./body.ts";
import { binaryReply, jsonReply, refusal } from "./replies.ts";
import type { Route } from "./router.ts";
import { rollupsQuery } from "./schemas.ts";

/** A node's hours, for another board that compares it; the format is in nodes/fleet/frame-codec. */
export function rollupsRoute({ store, queryTimeout }: { store: Store; queryTimeout: number }): Route {
  return {
    GET: (request) => {
      const asked = query(rollupsQuery, request);
      if (asked.type === "invalid") return refusal(request, 400, asked.reason);
      const { node: name, since: sinceMs, until: untilMs } = asked.value;
      const node = findNode(store.db, name);
      if (node === null) {
        const nodes = nodeNames(store.db);
        return jsonReply(request, { error: `there is no node ${name} here`, nodes }, { status: 404 });
      }
      try {
        const deadline = performance.now() + queryTimeout;
        return binaryReply(
          request,
          encodeFrame(readFrame(store.db, node.id, { sinceMs, untilMs }, deadline)),
        );
      } catch (error) {
        if (error instanceof Failure) return refusal(request, 503, messageOf(error));
        throw error;
      }
    },
  };
}
