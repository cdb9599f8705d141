import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { startFront } from "../../support/upload/front.ts";
import { isSumRight, resultOf, startSync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { checksumOf, statesIn } from "../../support/upload/upload-store.ts";

/** Small CVs, which are read into memory before they are sent, and large ones, which are read while they are sent. */
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
    const stored = [...sandbox.stored().keys()];
    const lost = checksums.filter((checksum) => !stored.includes(checksum));
    expect({ exitCode, stderr: await stderr }).toEqual({
      exitCode: lost.length === 0 ? 0 : 1,
      stderr: expect.not.stringContaining("unexpected"),
    });
    // What was in memory by then is sent all the same, the first one at least; what was not is a failure.
    expect(stored.length).toBeGreaterThan(0);
    expect(lost).toEqual(expect.arrayContaining(checksums.slice(6)));
    expect(result).toMatchObject({
      found: checksums.length,
      uploaded: stored.length,
      failed: lost.length,
      interrupted: false,
    });
    expect(isSumRight(result)).toBe(true);
    expect(result.failures.map(({ reason }) => reason)).toEqual(lost.map(() => "it is no longer there"));
    using store = new Database(home.file(".local/share/nodupe/nodupe.db"));
    const states = statesIn(store);
    expect(stored.map((checksum) => states[checksum])).toEqual(stored.map(() => "done"));
    // What was never sent does not say so; what was gone before it was read has no row at all.
    expect(lost.map((checksum) => states[checksum] ?? "pending")).toEqual(lost.map(() => "pending"));
    expect(store.query("SELECT count(*) AS open FROM upload_run WHERE ended_at_ms IS NULL").get()).toEqual({
      open: 0,
    });
    expect(sandbox.stats().repeats).toBe(0);
  },
);
