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

/** @throws Failure (usage) if the store has no such node. */
export function knownNode(db: Database, name: string): NodeRow {
  const node = findNode(db, name);
  if (node !== null) return node;
  const names = nodeNames(db);
  const has = names.length === 0 ? "the store has no nodes yet" : `the store has ${names.join(", ")}`;
  throw new Failure("usage", `no node is named ${name}; ${has}`);
}

/** Renames a node. All its data stays, and a process that is ingesting into it continues. */
export function renameNode(db: Database, from: string, to: string): void {
  checkNodeName(to);
  const rename = db.transaction(() => {
    const node = knownNode(db, from);
    if (from === to) throw new Failure("usage", `there is already a node named ${to}: this one`);
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

/** Deletes a node with all its data. Its lines are then new again. */
export function forgetNode(db: Database, name: string): void {
  const forget = db.transaction(() => {
    const node = knownNode(db, name);
    takeLease(db, node);
    deleteNode(db, node.id);
  });
  forget.immediate();
}
