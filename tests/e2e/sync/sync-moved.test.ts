import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { startFront } from "../../support/upload/front.ts";
import { isSumRight, resultOf, startSync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { checksumOf, statesIn } from "../../support/upload/upload-store.ts";

/** Six small CVs, which are in memory by the time that they are sent, and some that are read while they are sent. */
function writeTree(folder: string, large: number): string[] {
  mkdirSync(folder);
  const contents = [
    ...Array.from({ length: 6 }, (_, index) => `small ${index}`),
    ...Array.from({ length: large }, (_, index) => `large ${index}`.repeat(200_000)),
  ];
  for (const [index, content] of contents.entries()) writeFileSync(`${folder}/cv${index}.txt`, content);
  return contents.map(checksumOf);
}

test.each([0, 3])(
  "the folder is moved away while the server is slow to say how it is, with %d CVs that are read only then",
  async (large) => {
    using home = tempFolder();
    using sandbox = await startSandbox();
    const cvs = home.file("cvs");
    const checksums = writeTree(cvs, large);
    const asked = Promise.withResolvers<void>();
    const moved = Promise.withResolvers<void>();
    using front = startFront(sandbox, async (path) => {
      if (!path.endsWith("/health")) return null;
      asked.resolve();
      await moved.promise;
      return null;
    });
    const child = startSync({ home, sandbox: front }, [cvs]);
    const [stdout, stderr] = [new Response(child.stdout).text(), new Response(child.stderr).text()];
    await asked.promise;
    renameSync(cvs, home.file("elsewhere"));
    moved.resolve();
    const exitCode = await child.exited;
    const result = resultOf({ stdout: await stdout, stderr: await stderr });
    expect({ exitCode, stderr: await stderr }).toEqual({
      exitCode: large === 0 ? 0 : 1,
      stderr: expect.not.stringContaining("unexpected"),
    });
    expect(result).toMatchObject({ found: 6 + large, uploaded: 6, failed: large, interrupted: false });
    expect(isSumRight(result)).toBe(true);
    expect(result.failures.map(({ reason }) => reason)).toEqual(
      Array.from({ length: large }, () => "it is no longer there"),
    );
    using store = new Database(home.file(".local/share/nodupe/nodupe.db"));
    const states = statesIn(store);
    expect(checksums.slice(0, 6).map((checksum) => states[checksum])).toEqual(
      Array.from({ length: 6 }, () => "done"),
    );
    // What was never sent does not say so; what was gone before it was read has no row at all.
    const unsent = checksums.slice(6).map((checksum) => states[checksum] ?? "pending");
    expect(unsent).toEqual(Array.from({ length: large }, () => "pending"));
    expect(store.query("SELECT count(*) AS open FROM upload_run WHERE ended_at_ms IS NULL").get()).toEqual({
      open: 0,
    });
    expect(sandbox.stored()).toEqual(new Map(checksums.slice(0, 6).map((checksum) => [checksum, 1])));
  },
);
