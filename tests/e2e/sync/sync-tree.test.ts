import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemPath } from "../../../src/lib/path-bytes.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { BINARY } from "../../support/binary.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { foundFile } from "../../support/upload/found-file.ts";
import { runCommand } from "../../support/run.ts";
import { isSumRight, resultOf, sync, syncEnvironment } from "../../support/upload/sync.ts";
import { sha256 } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

test("an ignore file that cannot be read: nothing of its folder is sent, and the run says so", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  for (const name of ["private", "private/below", "public"]) {
    mkdirSync(cvs.file(name));
    writeFileSync(cvs.file(name, "cv.pdf"), name);
  }
  symlinkSync("/nonexistent/rules", cvs.file("private", ".nodupeignore"));
  const run = await sync({ home, sandbox }, [cvs.path]);
  const result = resultOf(run);
  expect([run.exitCode, result.uploaded, result.failed, isSumRight(result)]).toEqual([1, 1, 1, true]);
  expect(result.failures).toEqual([
    {
      path: cvs.file("private"),
      reason: "its .nodupeignore cannot be read: it is no longer there",
      status: null,
    },
  ]);
  expect([...sandbox.stored().keys()]).toEqual([sha256("public")]);
});

test("names that are not UTF-8 are sent with a replacement, once, and said", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  const names: string[] = [];
  const peer = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      if (request.method === "GET")
        return Response.json({
          success: true,
          authenticated: true,
          agency: "A",
          permissions: { canUpload: true },
        });
      if (request.url.endsWith("check-duplicate")) return Response.json({ exists: false });
      const form = await request.formData();
      const [hint, file] = [form.get("job_hint"), form.get("file")];
      if (typeof hint === "string" && file instanceof File) names.push(`${hint}/${file.name}`);
      return Response.json({ success: true, candidateId: "c" });
    },
  });
  try {
    mkdirSync(systemPath(`${cvs.path}/R\udce9sum\udce9s`));
    writeFileSync(systemPath(`${cvs.path}/R\udce9sum\udce9s/c\udcff.pdf`), "small");
    writeFileSync(
      systemPath(`${cvs.path}/R\udce9sum\udce9s/large\udcff.pdf`),
      Buffer.alloc(3_000_000, "large"),
    );
    const server = { home, sandbox: { url: peer.url.origin, apiKey: "k" } };
    const first = await sync(server, [cvs.path]);
    expect([first.exitCode, resultOf(first).uploaded]).toEqual([0, 2]);
    expect(first.stderr).toContain("2 files have paths that are not valid UTF-8");
    expect(names.toSorted()).toEqual(["R\ufffdsum\ufffds/c\ufffd.pdf", "R\ufffdsum\ufffds/large\ufffd.pdf"]);
    const second = await sync(server, [cvs.path]);
    expect([second.exitCode, resultOf(second).duplicate_local, names.length]).toEqual([0, 2, 2]);
  } finally {
    await peer.stop(true);
  }
});

test("with 64 descriptors: a deep and wide tree, twenty uploads at once and large files", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 20 });
  writeCvs(cvs.path, { files: 150 });
  const deep = join(cvs.path, "d/".repeat(300));
  mkdirSync(deep, { recursive: true });
  for (let index = 0; index < 30; index += 1) {
    writeFileSync(join(deep, `large ${index}.pdf`), Buffer.alloc(1_500_000, `large ${index} `));
    mkdirSync(join(cvs.path, `wide ${index}`));
  }
  const command = [BINARY, "sync", "--json", "--workers", "20", "--retry-delay", "50ms", cvs.path];
  const run = await runCommand(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", ...command], {
    env: syncEnvironment({ home, sandbox }),
  });
  const result = resultOf(run);
  expect([run.exitCode, result.uploaded, result.failures]).toEqual([0, 180, []]);
  expect([sandbox.stats().stored, sandbox.stats().repeats]).toEqual([180, 0]);
});

test("--checksum reads every file again, whatever the cache says", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  const path = cvs.file("cv.pdf");
  writeFileSync(path, "one");
  const server = { home, sandbox };
  const upload = async (...args: string[]) => {
    const { uploaded, duplicate_local, failed } = resultOf(await sync(server, [...args, cvs.path]));
    return { uploaded, duplicate_local, failed };
  };
  expect(await upload()).toEqual({ uploaded: 1, duplicate_local: 0, failed: 0 });
  // A change that nothing tells of: the cache is made to hold the new file's very times.
  writeFileSync(path, "two");
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  {
    const { mtimeUs, ctimeUs } = foundFile(path);
    using db = new Database(home.file(".local/share/nodupe/nodupe.db"));
    db.query("UPDATE hashed_file SET mtime_us = ?, ctime_us = ?").run(mtimeUs, ctimeUs);
  }
  expect(await upload()).toEqual({ uploaded: 0, duplicate_local: 1, failed: 0 });
  expect(await upload("--checksum")).toEqual({ uploaded: 1, duplicate_local: 0, failed: 0 });
  expect(await upload("--checksum")).toEqual({ uploaded: 0, duplicate_local: 1, failed: 0 });
  expect(sandbox.stored()).toEqual(
    new Map([
      [sha256("one"), 1],
      [sha256("two"), 1],
    ]),
  );
});
