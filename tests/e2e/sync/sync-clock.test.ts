import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { BINARY } from "../../support/binary.ts";
import { startFront } from "../../support/upload/front.ts";
import { needsExecution } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import { resultOf, startSync, syncEnvironment } from "../../support/upload/sync.ts";
import { item, NEVER, testClient } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { checksumOf } from "../../support/upload/upload-store.ts";

const HOUR_MS = 3_600_000;

needsExecution("faketime")(
  "after a kill a clock that is two hours ahead sends nothing again that the server is still at work on",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox({ refusesDuplicates: false });
    using direct = testClient(sandbox);
    const names = ["one", "two", "three"];
    for (const name of names) writeFileSync(cvs.file(`${name}.pdf`), name);
    let sent = 0;
    let isKilled = false;
    const landed = new Set<string>();
    // The server took all three in, is killed upon, and has each only after it was first asked for it.
    using front = startFront(sandbox, async (path, body) => {
      if (path.endsWith("/upload") && !isKilled) {
        sent += 1;
        return new Promise<Response>(() => undefined);
      }
      const name = names.find((each) => body.includes(checksumOf(each)));
      if (!path.endsWith("/check-duplicate") || name === undefined || landed.has(name)) return null;
      if (isKilled) {
        landed.add(name);
        await direct.upload(item(name), NEVER);
      }
      return Response.json({ exists: false });
    });
    const place = { home, sandbox: front };
    const first = startSync(place, [cvs.path]);
    await until(() => sent === 3, "three are on their way");
    first.kill("SIGKILL");
    await first.exited;
    isKilled = true;

    const ahead = ["faketime", "-f", "+2h", BINARY, "sync", "--json", cvs.path];
    const env = { ...syncEnvironment(place), FAKETIME_DONT_FAKE_MONOTONIC: "1" };
    const result = resultOf(await runCommand(ahead, { env }));
    expect(result).toMatchObject({ found: 3, uploaded: 3, failed: 0, duplicate_remote: 0 });
    expect([sandbox.stats().stored, sandbox.stats().repeats, landed.size]).toEqual([3, 0, 3]);

    // The second run did believe in the other time.
    using db = new Database(home.file(".local/share/nodupe/nodupe.db"), { readonly: true });
    const [before, after] = db
      .query<{ at: number }, []>("SELECT started_at_ms AS at FROM upload_run ORDER BY id")
      .all();
    expect((after?.at ?? 0) - (before?.at ?? 0)).toBeGreaterThan(2 * HOUR_MS - 1);
  },
  60_000,
);
