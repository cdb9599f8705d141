import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "../lib/errors.ts";

const PREFIX = "nodupe-bench-";

/** A temporary folder that is removed however the process ends; only after kill -9 the next run removes it. */
export interface Scratch extends Disposable {
  readonly path: string;
  /** A new folder below it. */
  folder(name: string): string;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Removes what killed runs left behind: folders named after a process that no longer exists. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^nodupe-bench-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isInteger(pid) || isRunning(pid)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Belongs to another user, who can remove it.
    }
  }
}

/** @param parent the system's temporary folder unless a test gives another. */
export function createScratch(parent: string = tmpdir()): Scratch {
  removeLeftovers(parent);
  const path = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  // A second signal, or the end of the grace period, ends the process without unwinding.
  process.once("exit", remove);
  return {
    path,
    folder: (name) => {
      const folder = join(path, name);
      mkdirSync(folder);
      return folder;
    },
    [Symbol.dispose]: () => {
      process.off("exit", remove);
      remove();
    },
  };
}
