import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { filesIn, startFront } from "../../support/upload/front.ts";
import { resultOf, sync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";

const BATCH = "/api/sync/upload-batch";
const REFUSED = (status: number): Response => new Response("<html>no</html>", { status });

test("a batch that is too large for the server (413) is halved until it is not, and none of it is lost or repeated", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ batch: true });
  const refused: number[] = [];
  using front = startFront(sandbox, (path, body) => {
    if (path !== BATCH) return null;
    const files = filesIn(body);
    if (files === 1) return null;
    refused.push(files);
    return REFUSED(413);
  });
  const tree = writeCvs(cvs.path, { files: 60 });
  const run = await sync({ home, sandbox: front }, ["--bulk", "--workers", "2", cvs.path]);
  expect(run.exitCode).toBe(0);
  expect(resultOf(run)).toMatchObject({ found: 60, uploaded: 60, failed: 0, retries: 0 });
  // What was on its way, or booked to be, when the first refusal came is refused too; then half of it: 10, 5, 2.
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThanOrEqual(3 * (2 + 1));
  expect(sandbox.stats()).toMatchObject({ stored: tree.files, repeats: 0 });
});

test.each([404, 405, 501])(
  "a server that offers batches and then answers %d to them gets each CV singly, and is not asked again for a day",
  async (status) => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox({ batch: true });
    let batches = 0;
    let isOffered = false;
    using front = startFront(sandbox, (path) => {
      if (path !== BATCH) return null;
      batches += 1;
      return isOffered ? null : REFUSED(status);
    });
    const args = ["--bulk", "--workers", "2", cvs.path];
    writeCvs(cvs.path, { files: 40 });
    const first = await sync({ home, sandbox: front }, args);
    expect(resultOf(first)).toMatchObject({ uploaded: 40, failed: 0, retries: 0 });
    expect(batches).toBeLessThanOrEqual(3);
    expect(sandbox.stats()).toMatchObject({ repeats: 0, requests: { upload: 40, batch: 0 } });

    batches = 0;
    isOffered = true;
    writeCvs(cvs.path, { files: 40, seed: 2 });
    expect(resultOf(await sync({ home, sandbox: front }, args))).toMatchObject({ uploaded: 40 });
    expect(batches).toBe(0);

    using store = new Database(home.file(".local/share/nodupe/nodupe.db"));
    const remembered = store
      .query<{ until: number }, []>("SELECT batch_refused_until_ms AS until FROM destination")
      .get();
    expect((remembered?.until ?? 0) - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
    // A day later.
    store.run("UPDATE destination SET batch_refused_until_ms = ?", [Date.now() - 1]);
    writeCvs(cvs.path, { files: 40, seed: 3 });
    expect(resultOf(await sync({ home, sandbox: front }, args))).toMatchObject({ uploaded: 40 });
    expect(batches).toBeGreaterThanOrEqual(4);
    expect(sandbox.stats()).toMatchObject({ stored: 120, repeats: 0 });
  },
);

test("one item that is refused for good does not take its batch with it", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ batch: true });
  using front = startFront(sandbox, (_, body) =>
    body.includes("person7@") ? Response.json({ message: "no such agency" }, { status: 422 }) : null,
  );
  writeCvs(cvs.path, { files: 20 });
  const run = await sync({ home, sandbox: front }, ["--bulk", "--workers", "2", cvs.path]);
  expect(run.exitCode).toBe(1);
  expect(resultOf(run)).toMatchObject({ uploaded: 19, failed: 1 });
  expect(resultOf(run).failures.map(({ reason, status }) => ({ reason, status }))).toEqual([
    { reason: "no such agency", status: 422 },
  ]);
  expect(sandbox.stats()).toMatchObject({ stored: 19, repeats: 0 });
});
