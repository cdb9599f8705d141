import type { Database } from "bun:sqlite";
import { Failure } from "../../lib/errors.ts";
import { checkNodeName } from "../ingest/options.ts";
import {
  deleteNode,
  findNode,
  forgetComparisons,
  nodeNames,
  type NodeRow,
  takeLease,
} from "../store/node-store.ts";

/** @throws Failure of kind usage where the store has no such node. */
export function knownNode(db: Database, name: string): NodeRow {
  const node = findNode(db, name);
  if (node !== null) return node;
  const names = nodeNames(db);
  const has = names.length === 0 ? "the store has no nodes yet" : `the store has ${names.join(", ")}`;
  throw new Failure("usage", `no node is named ${name}; ${has}`);
}

/** Gives a node another name; all that it has stays known, and a process that ingests into it goes on. */
export function renameNode(db: Database, from: string, to: string): void {
  checkNodeName(to);
  const rename = db.transaction(() => {
    const node = knownNode(db, from);
    if (findNode(db, to) !== null) {
      throw new Failure(
        "usage",
        `there is already a node named ${to}; choose another name, or join the two with: nodupe nodes merge ${from} ${to}`,
      );
    }
    db.query("UPDATE node SET name = ? WHERE id = ?").run(to, node.id);
    forgetComparisons(db, node.id);
  });
  rename.immediate();
}

/** Deletes a node with all that it has: its lines are new again. */
export function forgetNode(db: Database, name: string): void {
  const forget = db.transaction(() => {
    const node = knownNode(db, name);
    takeLease(db, node);
    deleteNode(db, node.id);
  });
  forget.immediate();
}
