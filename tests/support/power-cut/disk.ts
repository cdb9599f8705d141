import type { Op } from "./recording.ts";

/** A number below `count`. */
type Draw = (count: number) => number;

type FileOp = Exclude<Op, { type: "send" | "sync" }>;

/**
 * What becomes of what was not synced: all is lost; all is there (the process alone was killed); or each operation by
 * itself is there, lost, or there in some of its sectors, in whatever order the disk took them.
 */
export type Fate = "lost" | "kept" | "torn";

const SECTOR = 512;

function grown(bytes: Buffer, size: number): Buffer {
  return bytes.length >= size ? bytes : Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
}

/** A file after an operation; null where there is none. */
function applied(before: Buffer | null, op: FileOp): Buffer | null {
  switch (op.type) {
    case "create":
      return before ?? Buffer.alloc(0);
    case "unlink":
      return null;
    case "truncate":
      return before === null ? null : Buffer.from(grown(before, op.size).subarray(0, op.size));
    case "write": {
      // Without the file's entry in its folder nobody finds what was written.
      if (before === null) return null;
      const after = Buffer.from(grown(before, op.at + op.bytes.length));
      op.bytes.copy(after, op.at);
      return after;
    }
  }
}

/** The same of a write of which only some sectors reached the disk. */
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

/** In another order, as a disk's cache is written back. */
function shuffled<T>(items: readonly T[], draw: Draw): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = draw(at + 1);
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}

/** What of `pending` survives, from the file as it is on the disk. */
function survived(durable: Buffer | null, pending: readonly FileOp[], fate: Fate, draw: Draw): Buffer | null {
  if (fate === "lost") return durable;
  if (fate === "kept") return pending.reduce<Buffer | null>(applied, durable);
  // What a folder holds is written in order, what files hold is not; a write may come before or after a truncation.
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

/** The files that are on the disk once the power is back, by path: it failed before operation `cut`. */
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
    // A folder: its entries are on the disk now, what the files hold may not be.
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
