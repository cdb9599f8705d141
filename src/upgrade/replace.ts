import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, Failure, messageOf } from "../lib/errors.ts";

export interface Stage extends Disposable {
  /** A path in the stage. */
  file(name: string): string;
}

/** A folder beside the program, so that the last step is a rename within one file system; removed on disposal. */
export function stageBeside(program: string): Stage {
  const folder = dirname(program);
  try {
    const path = mkdtempSync(join(folder, ".nodupe-upgrade-"));
    return {
      file: (name) => join(path, name),
      [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
    };
  } catch (error) {
    const code = codeOf(error);
    if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") throw error;
    throw new Failure(
      "not-permitted",
      `not permitted to write in ${folder}, where nodupe is; run the upgrade as the user who installed it (sudo nodupe upgrade)`,
      { cause: error },
    );
  }
}

/** Runs the new program: it must start on this machine and report the promised version. */
export async function proveItRuns(program: string, version: string): Promise<void> {
  let found: string;
  try {
    const child = Bun.spawn([program, "--version"], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: 60_000,
    });
    found = (await new Response(child.stdout).text()).trim();
    if ((await child.exited) !== 0)
      throw new Error(`it ended with ${child.signalCode ?? `code ${child.exitCode}`}`);
  } catch (error) {
    throw new Failure(
      "failed",
      `the new nodupe does not run on this machine (${messageOf(error)}); nothing was changed`,
      { cause: error },
    );
  }
  if (found !== version) {
    throw new Failure(
      "failed",
      `the new nodupe says that it is ${found}, expected ${version}; nothing was changed`,
    );
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Replaces `program` by `next`, with the same mode. After a power cut one of the two is there, complete. */
export function replace(program: string, next: string): void {
  chmodSync(next, statSync(program).mode & 0o777);
  sync(next);
  renameSync(next, program);
  sync(dirname(program));
}
