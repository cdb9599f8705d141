import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseFaults } from "../../../src/upload/sandbox/faults.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import type { SyncResult } from "../../../src/upload/report/tally.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { startFront } from "../../support/upload/front.ts";
import { nodupe } from "../../support/run.ts";
import { resultOf, sync, syncEnvironment } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const EXAMPLES = resolve(import.meta.dir, "../../../examples/cvs");

function countsOf(result: SyncResult): Partial<SyncResult> {
  const { found, uploaded, duplicate_local, duplicate_remote, skipped, failed } = result;
  return { found, uploaded, duplicate_local, duplicate_remote, skipped, failed };
}

test("the example CVs go to the sandbox in this process, and a second run finds them known", async () => {
  using home = tempFolder();
  const env = { HOME: home.path, NODUPE_SYNC_SETTLE: "0ms" };
  const first = await nodupe(["sync", "--bulk", "--sandbox", "--json", EXAMPLES], { env });
  const second = await nodupe(["sync", "--bulk", "--sandbox", "--json", EXAMPLES], { env });
  expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
  expect(countsOf(resultOf(first))).toEqual({
    found: 9,
    uploaded: 8,
    duplicate_local: 1,
    duplicate_remote: 0,
    skipped: 3,
    failed: 0,
  });
  expect(countsOf(resultOf(second))).toEqual({
    found: 9,
    uploaded: 0,
    duplicate_local: 9,
    duplicate_remote: 0,
    skipped: 3,
    failed: 0,
  });
  expect([first.stderr, second.stderr]).toEqual(["", ""]);
});

test("JSON has exactly the keys of the contract, in one object, and text a summary", async () => {
  using home = tempFolder();
  const env = { HOME: home.path, NODUPE_SYNC_SETTLE: "0ms" };
  const json = await nodupe(["sync", "--sandbox", "--json", "-q", EXAMPLES], { env });
  expect(Object.keys(resultOf(json)).toSorted()).toEqual(
    [
      "destination",
      "dry_run",
      "duplicate_local",
      "duplicate_remote",
      "elapsed_s",
      "error",
      "failed",
      "failures",
      "found",
      "interrupted",
      "pending",
      "retries",
      "sent_bytes",
      "skipped",
      "uploaded",
      "workers_peak",
    ].toSorted(),
  );
  expect(json.stderr).toBe("");
  const text = await nodupe(["sync", "--sandbox", "-q", EXAMPLES], { env });
  expect(text.stdout).toContain("9 CVs for sandbox: 0 uploaded, 9 already known here");
});

test("names that are no CVs are skipped and counted, links that leave the root too", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using outside = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 3 });
  writeFileSync(outside.file("other.pdf"), "outside");
  for (const name of [
    "~$cv.docx",
    "._cv.pdf",
    ".hidden.pdf",
    "image.png",
    "cv.pdf.part",
    "cv.tmp",
    "empty.pdf",
  ])
    writeFileSync(cvs.file(name), name === "empty.pdf" ? "" : "x");
  mkdirSync(cvs.file(".git"));
  writeFileSync(cvs.file(".git", "x.txt"), "x");
  symlinkSync(outside.file("other.pdf"), cvs.file("link.pdf"));
  symlinkSync(cvs.path, cvs.file("loop"));
  const run = await sync({ home, sandbox }, [cvs.path]);
  expect(run.exitCode).toBe(0);
  // Seven names, the hidden folder, the link outside, and the link to a folder.
  expect(countsOf(resultOf(run))).toEqual({
    found: 3,
    uploaded: 3,
    duplicate_local: 0,
    duplicate_remote: 0,
    skipped: 10,
    failed: 0,
  });
});

test("globs and ignore files leave out files and folders", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  for (const name of ["a.pdf", "b.txt", "old/c.pdf", "drafts/d.pdf", "drafts/keep.pdf", "e.md"]) {
    mkdirSync(dirname(cvs.file(name)), { recursive: true });
    writeFileSync(cvs.file(name), name);
  }
  writeFileSync(cvs.file(".nodupeignore"), "drafts/*\n!drafts/keep.pdf\n");
  const run = await sync({ home, sandbox }, [
    "--exclude",
    "old",
    "--exclude",
    "*.txt",
    "--dry-run",
    cvs.path,
  ]);
  expect(run.exitCode).toBe(0);
  expect(resultOf(run)).toMatchObject({ found: 3, uploaded: 3, skipped: 4, dry_run: true });
  const only = await sync({ home, sandbox }, ["--include", "*.md", cvs.path]);
  expect(resultOf(only)).toMatchObject({ found: 1, uploaded: 1, dry_run: false });
  expect(sandbox.stats().requests.upload).toBe(1);
});

test("the same content under many names is sent once", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 20 });
  for (let index = 0; index < 30; index += 1) writeFileSync(cvs.file(`cv${index}.pdf`), "the same");
  const run = await sync({ home, sandbox }, ["--workers", "20", cvs.path]);
  expect(resultOf(run)).toMatchObject({ found: 30, uploaded: 1, duplicate_local: 29, failed: 0 });
  expect(sandbox.stats().requests.upload).toBe(1);
});

test("what the server has already is a duplicate there, and no failure", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ batch: true });
  const tree = writeCvs(cvs.path, { files: 60 });
  await sync({ home, sandbox }, ["--bulk", cvs.path]);
  for (const args of [["--bulk"], []]) {
    using fresh = tempFolder();
    const run = await sync({ home: fresh, sandbox }, [...args, cvs.path]);
    expect(run.exitCode).toBe(0);
    expect(countsOf(resultOf(run))).toMatchObject({ uploaded: 0, duplicate_remote: tree.files });
  }
});

test("a wrong key ends the run at once with 5, and nothing is tried again", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 5 });
  const run = await sync({ home, sandbox }, [cvs.path], { TANOVA_API_KEY: "tanova_sk_wrong" });
  expect(run.exitCode).toBe(5);
  expect(resultOf(run)).toMatchObject({ found: 5, uploaded: 0, failed: 5, interrupted: false, retries: 0 });
  expect(sandbox.stats().requests).toMatchObject({ health: 1, upload: 0 });
  expect(run.stdout + run.stderr).not.toContain("tanova_sk_wrong");
});

test("a server that is not there: exit 4 after the retries", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  writeCvs(cvs.path, { files: 5 });
  const sandbox = { url: "http://127.0.0.1:1", apiKey: "tanova_sk_x" };
  const run = await sync({ home, sandbox }, ["--retries", "2", "--retry-delay", "10ms", cvs.path]);
  expect(run.exitCode).toBe(4);
  expect(resultOf(run)).toMatchObject({ found: 5, uploaded: 0, failed: 5 });
});

test("input that cannot be used: exit 2, and nothing was done", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  const env = { HOME: home.path, TANOVA_API_KEY: "tanova_sk_x" };
  const cases: [string[], RegExp][] = [
    [["sync", cvs.file("nothing")], /there is no folder/],
    [["sync"], /no folder given/],
    [["sync", cvs.path, "--url", "http://tanova.example"], /plain http/],
    [["sync", cvs.path, "--url", "ftp://tanova.example"], /expected https/],
    [["sync", cvs.path, "--sandbox", "--url", "https://tanova.example"], /exclude each other/],
    [["sync", cvs.path, "--api-key-file", cvs.file("nothing")], /cannot be read/],
    [["sync", cvs.path, "--watch", "--dry-run"], /exclude each other/],
    [["sync", cvs.path, "--rescan", "1m"], /--watch/],
    [["sync", cvs.path, "--workers", "0"], /expected auto/],
  ];
  for (const [args, message] of cases) {
    const run = await nodupe([...args, "--json"], { env });
    expect({ args, exitCode: run.exitCode, stdout: run.stdout }).toEqual({ args, exitCode: 2, stdout: "" });
    expect(run.stderr).toMatch(message);
  }
  const keyless = await nodupe(["sync", cvs.path], { env: { HOME: home.path } });
  expect([keyless.exitCode, keyless.stderr]).toEqual([2, expect.stringContaining("no API key")]);
});

test("an answer that was lost is looked for, and counts as uploaded", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ faults: parseFaults("lostack:0.3") ?? [] });
  const tree = writeCvs(cvs.path, { files: 40 });
  const args = ["--retries", "9", "--retry-delay", "20ms", "--ambiguous-wait", "5s", cvs.path];
  const run = await sync({ home, sandbox }, args);
  expect(resultOf(run)).toMatchObject({ uploaded: tree.files, duplicate_remote: 0, failed: 0, retries: 0 });
  expect(sandbox.stats().repeats).toBe(0);
});

test("what is refused for good is kept with its reason, and taken up again only when asked", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  writeCvs(cvs.path, { files: 4 });
  let isRefusing = true;
  using server = Bun.serve({
    port: 0,
    fetch: async (request) => {
      await request.arrayBuffer();
      if (new URL(request.url).pathname === "/api/sync/health")
        return Response.json({
          success: true,
          authenticated: true,
          permissions: { canUpload: true, canRead: true },
        });
      if (new URL(request.url).pathname.endsWith("/check-duplicate")) return Response.json({ exists: false });
      if (isRefusing) return Response.json({ message: "no text in it" }, { status: 422 });
      return Response.json({ success: true, candidateId: "c1" }, { status: 201 });
    },
  });
  const target = { home, sandbox: { url: server.url.origin, apiKey: "tanova_sk_x" } };
  const first = await sync(target, [cvs.path]);
  expect(first.exitCode).toBe(1);
  expect(resultOf(first)).toMatchObject({ failed: 4, retries: 0 });
  expect(resultOf(first).failures[0]).toMatchObject({ reason: "no text in it", status: 422 });
  isRefusing = false;
  expect(resultOf(await sync(target, [cvs.path]))).toMatchObject({ uploaded: 0, failed: 4 });
  expect(resultOf(await sync(target, ["--retry-failed", cvs.path]))).toMatchObject({
    uploaded: 4,
    failed: 0,
  });
});

test("retries that are used up fail in this run and are pending in the next", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 3 });
  let isEarly = true;
  using front = startFront(sandbox, (path) =>
    isEarly && path.endsWith("/upload") ? Response.json({ message: "too early" }, { status: 425 }) : null,
  );
  const args = ["--retries", "2", "--retry-delay", "5ms", cvs.path];
  const first = await sync({ home, sandbox: front }, args);
  expect(first.exitCode).toBe(1);
  expect(resultOf(first)).toMatchObject({ found: 3, uploaded: 0, failed: 3, retries: 6, error: null });
  expect(resultOf(first).failures[0]).toMatchObject({ reason: "too early", status: 425 });
  isEarly = false;
  expect(resultOf(await sync({ home, sandbox: front }, args))).toMatchObject({ uploaded: 3, failed: 0 });
});

test("a server that takes nothing for longer than a run waits: exit 4, until when, and the rest is pending", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 40 });
  let retryAfter = "864000";
  using front = startFront(sandbox, (path) =>
    path.endsWith("/upload")
      ? Response.json({ message: "quota used up" }, { status: 429, headers: { "Retry-After": retryAfter } })
      : null,
  );
  const before = Date.now();
  const run = await sync({ home, sandbox: front }, [cvs.path]);
  expect(run.exitCode).toBe(4);
  const result = resultOf(run);
  expect(result).toMatchObject({
    found: 40,
    uploaded: 0,
    failed: 0,
    pending: 40,
    interrupted: false,
    failures: [],
    error: { kind: "rate_limited", reason: "quota used up" },
  });
  const untilMs = Date.parse(
    result.error !== null && "until" in result.error ? (result.error.until ?? "") : "",
  );
  expect(untilMs - before).toBeGreaterThanOrEqual(864_000_000);
  expect(run.stderr).toMatch(
    /accepts nothing before \d{4}-\d\d-\d\d \d\d:\d\d \(quota used up\); 40 CVs left for the next run/,
  );
  // Without a word on when: as long as an outage is waited for.
  retryAfter = "";
  const env = { NODUPE_SYNC_OUTAGE_WAIT: "500ms" };
  const again = await sync({ home, sandbox: front }, [cvs.path], env);
  expect(again.exitCode).toBe(4);
  expect(resultOf(again)).toMatchObject({
    found: 40,
    failed: 0,
    pending: 40,
    error: { kind: "rate_limited", reason: "quota used up", until: null },
  });
});

test("a file that is written bit by bit is sent once, whole", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 2 });
  const path = cvs.file("slow.txt");
  const env = { ...syncEnvironment({ home, sandbox }), NODUPE_SYNC_SETTLE: "400ms" };
  const writer = Bun.spawn([
    "sh",
    "-c",
    'for n in 1 2 3 4 5 6; do echo "line $n" >> "$0"; sleep 0.1; done',
    path,
  ]);
  await until(() => Bun.file(path).size > 0, "the file is begun");
  const run = await sync({ home, sandbox }, [cvs.path], env);
  await writer.exited;
  expect(resultOf(run)).toMatchObject({ found: 3, uploaded: 3, failed: 0 });
  const whole = new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
  expect(sandbox.stored().get(whole)).toBe(1);
  expect(sandbox.stored().size).toBe(3);
});

test("history of the earlier client: nothing already synced is sent again, and export gives it back", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  const tree = writeCvs(cvs.path, { files: 10 });
  const synced = [...tree.contents.keys()].slice(0, 6).toSorted();
  const file = home.file("sync_history.json");
  writeFileSync(file, JSON.stringify(synced.map((checksum) => checksum.toUpperCase())));
  const env = syncEnvironment({ home, sandbox });
  const imported = await nodupe(["history", "import", file, "--json"], { env });
  expect(JSON.parse(imported.stdout)).toMatchObject({ imported: 6, known: 0, destination: sandbox.url });
  const exported = await nodupe(["history", "export"], { env });
  expect(JSON.parse(exported.stdout)).toEqual(synced);
  const run = await sync({ home, sandbox }, [cvs.path]);
  expect(resultOf(run)).toMatchObject({ uploaded: 4, duplicate_local: 6 });

  for (const [name, content] of [
    ["cut", JSON.stringify(synced).slice(0, 200)],
    ["garbage", "\0\u0001garbage"],
    ["object", "{}"],
    ["short", '["abc"]'],
    ["empty", ""],
  ] as const) {
    writeFileSync(home.file(name), content);
    const refused = await nodupe(["history", "import", home.file(name)], { env });
    expect({ name, code: refused.exitCode }).toEqual({ name, code: 2 });
    expect(refused.stderr).toContain("nothing was imported");
  }
  const after = await nodupe(["history", "export"], { env });
  expect(JSON.parse(after.stdout)).toHaveLength(10);
});

test("history says what failed and why, and forgets what it is told to", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  copyFileSync(join(EXAMPLES, "設計者", "佐藤花子.md"), cvs.file("佐藤花子.md"));
  await sync({ home, sandbox }, [cvs.path]);
  const env = syncEnvironment({ home, sandbox });
  const [checksum = ""] = sandbox.stored().keys();
  const listed = await nodupe(["history", "list"], { env });
  expect(listed.stdout).toContain(`${sandbox.url}: 0 pending, 0 sending, 1 done, 0 failed`);
  expect(listed.stdout).toContain(checksum.slice(0, 12));
  const forgotten = await nodupe(["history", "forget", checksum.slice(0, 12), "--json"], { env });
  expect(JSON.parse(forgotten.stdout)).toEqual({ destination: sandbox.url, forgotten: 1 });
  expect(resultOf(await sync({ home, sandbox }, [cvs.path]))).toMatchObject({ duplicate_remote: 1 });
});

test("a key file that others can read is warned of, the key itself never shown", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 1 });
  const file = home.file("key");
  writeFileSync(file, `${sandbox.apiKey}\n`);
  chmodSync(file, 0o644);
  const args = ["-v", "--api-key-file", file, cvs.path];
  const run = await sync({ home, sandbox }, args, { TANOVA_API_KEY: "tanova_sk_wrong" });
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toContain(`chmod 600 ${file}`);
  expect(run.stdout + run.stderr).not.toContain(sandbox.apiKey);
});
