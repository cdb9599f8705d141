import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "../../lib/errors.ts";

/** Linux's file system in memory. */
const IN_MEMORY = "/dev/shm";
const PREFIX = "nodupe-demo-";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Deletes this user's folders of demos that were killed: in memory they would stay until the machine restarts. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(parent, name);
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status?.isDirectory() === true && status.uid === process.getuid?.())
      rmSync(path, { recursive: true, force: true });
  }
}

/** Creates a demo's folder, by default in memory if the system has a file system for that. Deleted when disposed of. */
export function demoFolder(
  parent = existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(),
): { readonly path: string } & Disposable {
  sweep(parent);
  const path = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
