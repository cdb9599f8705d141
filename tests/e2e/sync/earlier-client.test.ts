import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { uploadAsEarlierClient } from "../../support/upload/earlier-client.ts";
import { needs } from "../../support/programs.ts";
import { resultOf, sync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";

const test = needs("curl");

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".pdf"))
    .map((name) => join(folder, name))
    .toSorted();

test("the earlier client's way of speaking: all is uploaded, then known; each to the other too", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 12 });
  const paths = files(cvs.path);
  expect(await uploadAsEarlierClient(sandbox, paths.slice(0, 8))).toEqual({
    uploaded: 8,
    known: 0,
    failed: 0,
  });
  const result = resultOf(await sync({ home, sandbox }, [cvs.path]));
  expect([result.uploaded, result.duplicate_remote]).toEqual([4, 8]);
  expect(await uploadAsEarlierClient(sandbox, paths)).toEqual({ uploaded: 0, known: 12, failed: 0 });
  expect([sandbox.stats().stored, sandbox.stats().repeats]).toEqual([12, 0]);
});

test("a server that answers 201 is one that the earlier client takes for a failure", async () => {
  using cvs = tempFolder();
  using sandbox = await startSandbox({ statusCreated: 201 });
  writeCvs(cvs.path, { files: 2 });
  expect(await uploadAsEarlierClient(sandbox, files(cvs.path))).toEqual({ uploaded: 0, known: 0, failed: 2 });
});
