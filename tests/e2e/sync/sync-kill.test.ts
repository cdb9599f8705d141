import { expect, test } from "bun:test";
import { parseFaults } from "../../../src/upload/sandbox/faults.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { seededRandom } from "../../../src/lib/seeded-random.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { patient, patientMs } from "../../support/emulation.ts";
import { isSumRight, resultOf, startSync, sync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const FAULTS = "500:0.02,503:0.01,429:0.02,reset:0.02,html:0.01,lostack:0.02";
const PATIENCE = ["--retry-delay", "50ms", "--retries", "6", "--ambiguous-wait", patientMs(3_000)];

for (const batch of [false, true]) {
  test(
    `killed again and again against a faulty server, ${batch ? "in batches" : "singly"}, each content arrives exactly once`,
    async () => {
      using home = tempFolder();
      using cvs = tempFolder();
      const tree = writeCvs(cvs.path, { files: 400, duplicateEvery: 7 });
      const random = seededRandom(batch ? 2 : 3);
      using sandbox = await startSandbox({
        latencyMs: 5,
        batch,
        faults: parseFaults(FAULTS) ?? [],
        random,
        retryAfterS: 0,
      });
      const args = ["--bulk", "--workers", "8", ...PATIENCE, cvs.path];

      let kills = 0;
      for (let stored = 0; kills < 12 && stored < tree.contents.size; kills += 1) {
        const child = startSync({ home, sandbox }, args);
        const target = sandbox.stats().stored + 5 + Math.floor(random() * 40);
        await until(
          () => sandbox.stats().stored >= Math.min(target, tree.contents.size) || child.exitCode !== null,
          "some are stored",
        );
        child.kill("SIGKILL");
        await child.exited;
        stored = sandbox.stats().stored;
      }
      expect(kills).toBeGreaterThan(3);

      const last = await sync({ home, sandbox }, args);
      const again = await sync({ home, sandbox }, args);
      const results = [resultOf(last), resultOf(again)];
      expect(results.map(isSumRight)).toEqual([true, true]);
      expect(results.map(({ found }) => found)).toEqual([tree.files, tree.files]);
      expect(resultOf(again)).toMatchObject({
        uploaded: 0,
        duplicate_remote: 0,
        failed: 0,
        interrupted: false,
      });
      expect(sandbox.stats().repeats).toBe(0);
      expect(Object.fromEntries(sandbox.stored())).toEqual(
        Object.fromEntries([...tree.contents.keys()].map((checksum) => [checksum, 1])),
      );
    },
    patient(120_000),
  );
}
