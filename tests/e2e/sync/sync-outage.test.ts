import { expect, test } from "bun:test";
import { type Sandbox, startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { patient } from "../../support/emulation.ts";
import { linesOf } from "../../support/lines.ts";
import { freeTcpPort } from "../../support/net/free-port.ts";
import { isSumRight, resultOf, startSync, sync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const PATIENCE = ["--workers", "4", "--retries", "6", "--retry-delay", "100ms", "--ambiguous-wait", "1s"];
const SOON_AWAY = { NODUPE_SYNC_RETRY_DELAY_MAX: "300ms" };

for (const batch of [false, true]) {
  test(
    `a server that goes away in the middle and comes back gets the rest, ${batch ? "in batches" : "singly"}, each once`,
    async () => {
      using home = tempFolder();
      using cvs = tempFolder();
      const port = await freeTcpPort();
      const server = { port, apiKey: "tanova_sk_test", store: home.file("server.db"), batch, latencyMs: 20 };
      const tree = writeCvs(cvs.path, { files: 200 });
      let sandbox: Sandbox = await startSandbox(server);
      const args = [...(batch ? ["--bulk"] : []), ...PATIENCE, cvs.path];
      const child = startSync({ home, sandbox }, args, SOON_AWAY);
      const printed = new Response(child.stdout).text();
      await until(() => sandbox.stats().stored >= 40, "some are stored");
      sandbox.stop();
      const before = sandbox.stats().stored;
      expect(before).toBeLessThan(tree.files);
      const said: string[] = [];
      let isBack = false;
      for await (const line of linesOf(child.stderr)) {
        said.push(line);
        // The client waits, so the server may come back; what hung in the air then may make it wait once more.
        if (isBack || !line.includes("the server accepts no uploads right now")) continue;
        isBack = true;
        sandbox = await startSandbox(server);
      }
      try {
        const result = resultOf({ stdout: await printed, stderr: said.join("\n") });
        expect(await child.exited).toBe(0);
        expect(isSumRight(result)).toBe(true);
        expect(result).toMatchObject({
          found: tree.files,
          uploaded: tree.files,
          failed: 0,
          interrupted: false,
        });
        expect(said.join("\n")).toContain("the server answers again; continuing");
        expect(sandbox.stats()).toMatchObject({ stored: tree.files, repeats: 0 });
      } finally {
        sandbox.stop();
      }
    },
    patient(60_000),
  );
}

test(
  "a server that stays away ends the run with 4, what was not sent is said to have failed, and the next run sends it",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    const port = await freeTcpPort();
    const server = { port, apiKey: "tanova_sk_test", store: home.file("server.db"), latencyMs: 20 };
    const tree = writeCvs(cvs.path, { files: 200 });
    const first = await startSandbox(server);
    const child = startSync({ home, sandbox: first }, [...PATIENCE, cvs.path], {
      ...SOON_AWAY,
      NODUPE_SYNC_OUTAGE_WAIT: "500ms",
    });
    const said = new Response(child.stderr).text();
    const printed = new Response(child.stdout).text();
    await until(() => first.stats().stored >= 40, "some are stored");
    first.stop();
    expect(await child.exited).toBe(4);
    const result = resultOf({ stdout: await printed, stderr: await said });
    expect(isSumRight(result)).toBe(true);
    expect(result).toMatchObject({ found: tree.files, interrupted: false });
    expect(result.failed).toBe(tree.files - result.uploaded);
    expect(await said).toContain("the server stopped answering");

    using again = await startSandbox(server);
    const next = await sync({ home, sandbox: again }, [...PATIENCE, cvs.path]);
    expect(next.exitCode).toBe(0);
    expect(resultOf(next)).toMatchObject({ failed: 0, uploaded: tree.files - result.uploaded });
    expect(again.stats()).toMatchObject({ stored: tree.files, repeats: 0 });
  },
  patient(60_000),
);
