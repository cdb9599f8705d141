import type { Op } from "./recording.ts";

/** A number below `count`. */
type Draw = (count: number) => number;

type FileOp = Exclude<Op, { type: "send" | "sync" }>;

/**
 * What happens to operations that were not synced: all are lost; all are kept (only the process was killed); or
 * each is kept, lost, or written in some of its sectors, in any order.
 */
export type Fate = "lost" | "kept" | "torn";

const SECTOR = 512;

function grown(bytes: Buffer, size: number): Buffer {
  return bytes.length >= size ? bytes : Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
}

/** A file after an operation; null if there is none. */
function applied(before: Buffer | null, op: FileOp): Buffer | null {
  switch (op.type) {
    case "create":
      return before ?? Buffer.alloc(0);
    case "unlink":
      return null;
    case "truncate":
      return before === null ? null : Buffer.from(grown(before, op.size).subarray(0, op.size));
    case "write": {
      // Without an entry in its folder, the file's contents cannot be found.
      if (before === null) return null;
      const after = Buffer.from(grown(before, op.at + op.bytes.length));
      op.bytes.copy(after, op.at);
      return after;
    }
  }
}

/** The same for a write of which only some sectors reached the disk. */
function torn(before: Buffer | null, op: FileOp, draw: Draw): Buffer | null {
  if (op.type !== "write" || before === null) return before;
  let after: Buffer | null = before;
  for (let at = 0; at < op.bytes.length; at += SECTOR) {
    if (draw(2) === 0) continue;
    const sector = { ...op, at: op.at + at, bytes: op.bytes.subarray(at, at + SECTOR) };
    after = applied(after, sector);
  }
  return after;
}

/** In another order, as when a disk writes back its cache. */
function shuffled<T>(items: readonly T[], draw: Draw): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = draw(at + 1);
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}

/** What survives of `pending`, given the file on the disk. */
function survived(durable: Buffer | null, pending: readonly FileOp[], fate: Fate, draw: Draw): Buffer | null {
  if (fate === "lost") return durable;
  if (fate === "kept") return pending.reduce<Buffer | null>(applied, durable);
  // Folder entries are written in order, file contents are not; a write can come before or after a truncation.
  const names = pending.filter(({ type }) => type === "create" || type === "unlink");
  const kept = names.slice(0, draw(names.length + 1));
  const dropped = new Set(names.slice(kept.length));
  const ordered = pending.every(({ type }) => type === "write") ? shuffled(pending, draw) : pending;
  let file = durable;
  for (const op of ordered) {
    if (dropped.has(op)) continue;
    if (op.type === "create" || op.type === "unlink") file = applied(file, op);
    else {
      const chance = draw(4);
      if (chance < 2) file = applied(file, op);
      else if (chance === 2) file = torn(file, op, draw);
    }
  }
  return file;
}

/** The files on the disk, by path, when the power is back after failing before operation `cut`. */
export function diskAfterCut(
  ops: readonly Op[],
  cut: number,
  how: { readonly fate: Fate; readonly draw: Draw; readonly before: ReadonlyMap<string, Buffer> },
): Map<string, Buffer> {
  const durable = new Map<string, Buffer | null>(how.before);
  const pending = new Map<string, FileOp[]>();
  const settle = (path: string, ops: readonly FileOp[]): void => {
    durable.set(path, ops.reduce<Buffer | null>(applied, durable.get(path) ?? null));
  };
  for (const op of ops.slice(0, cut)) {
    if (op.type === "send") continue;
    if (op.type !== "sync") {
      const waiting = pending.get(op.path);
      if (waiting === undefined) pending.set(op.path, [op]);
      else waiting.push(op);
      continue;
    }
    const own = pending.get(op.path);
    if (own !== undefined) {
      settle(op.path, own);
      pending.delete(op.path);
      continue;
    }
    // A folder: its entries are on the disk now, but not necessarily the files' contents.
    for (const [path, waiting] of pending) {
      if (!path.startsWith(`${op.path}/`)) continue;
      const last = waiting.findLastIndex(({ type }) => type === "create" || type === "unlink");
      if (last < 0) continue;
      settle(
        path,
        waiting.slice(0, last + 1).filter(({ type }) => type === "create" || type === "unlink"),
      );
      pending.set(path, waiting.slice(last + 1));
    }
  }
  const files = new Map<string, Buffer>();
  for (const path of new Set([...durable.keys(), ...pending.keys()])) {
    const file = survived(durable.get(path) ?? null, pending.get(path) ?? [], how.fate, how.draw);
    if (file !== null) files.set(path, file);
  }
  return files;
}
