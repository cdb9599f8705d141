import { expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { patient } from "../../support/emulation.ts";
import { resultOf, startSync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { checksumOf } from "../../support/upload/upload-store.ts";

test(
  "files written just now do not hold up the others, however many there are and wherever they are found",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox();
    const [fresh, old] = [1_200, 40];
    // More than a page of new ones on either side of the old ones, in the scan's order and in any other.
    for (const folder of ["a", "m", "z"]) mkdirSync(cvs.file(folder));
    for (let index = 0; index < old; index += 1) {
      const path = cvs.file("m", `old ${index}.txt`);
      writeFileSync(path, `old ${index}`);
      utimesSync(path, 1_700_000_000, 1_700_000_000);
    }
    // Still new when the run ends that looks at the others.
    const later = Date.now() / 1_000 + 3_600;
    for (let index = 0; index < fresh; index += 1) {
      const path = cvs.file(index % 2 === 0 ? "a" : "z", `fresh ${index}.txt`);
      writeFileSync(path, `fresh ${index}`);
      utimesSync(path, later, later);
    }
    const child = startSync({ home, sandbox }, ["--settle", "4s", "--workers", "20", cvs.path]);
    const stdout = new Response(child.stdout).text();
    await until(() => sandbox.stored().size >= old, "the old ones are there");
    const firsts = [...sandbox.stored().keys()].slice(0, old);
    expect(new Set(firsts)).toEqual(
      new Set(Array.from({ length: old }, (_, index) => checksumOf(`old ${index}`))),
    );
    expect(await child.exited).toBe(0);
    expect(resultOf({ stdout: await stdout, stderr: "" })).toMatchObject({
      uploaded: old + fresh,
      failed: 0,
    });
  },
  patient(60_000),
);
