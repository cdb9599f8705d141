import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempFolder extends Disposable {
  readonly path: string;
  /** A path in the folder. */
  file(...names: string[]): string;
}

/** A folder that is removed at the end of the test: `using folder = tempFolder()`. */
export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), "nodupe-test-"));
  return {
    path,
    file: (...names) => join(path, ...names),
    [Symbol.dispose]: () => {
      chmodSync(path, 0o700);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
